import type { InMemoryTables } from "../storage/in-memory/in-memory-database.ts";
import type { AuditEvent, AuditEventInsert } from "./audit-event.ts";

export const AUDIT_TABLE = "audit_events";

/** Appends events within the caller's unit of work, as the SQL statements do. */
export function appendAudit(tables: InMemoryTables, events: readonly AuditEventInsert[]): void {
  const table = tables.table<AuditEvent>(AUDIT_TABLE);
  for (const event of events) table.put(event.id, { ...event, sequence: tables.nextSequence().toString() });
}
