import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { AuditEventId } from "../identifiers.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import type { AuditEvent, AuditEventInsert } from "./audit-event.ts";

export const AUDIT_TABLE = "audit_events";
/** The ids of events that no register has sealed, by their position in the journal. */
export const UNSEALED_TABLE = "unsealed_events";

export interface UnsealedEvent {
  readonly id: AuditEventId;
  readonly appendedAt: Instant;
}

/** Appends events within the caller's unit of work, as the SQL statements do. */
export function appendAudit(tables: InMemoryTables, events: readonly AuditEventInsert[]): void {
  const table = tables.table<AuditEvent>(AUDIT_TABLE);
  const unsealed = tables.table<UnsealedEvent>(UNSEALED_TABLE);
  for (const event of events) {
    if (table.get(event.id)) throw new VaultError("audit_event_exists", "An audit event with this id exists.");
    // A copy, because rows are frozen and the caller's objects are not ours to freeze.
    table.put(event.id, { ...structuredClone(event), sequence: tables.nextSequence().toString() });
    unsealed.put(event.id, { id: event.id, appendedAt: event.timestamp });
  }
}
