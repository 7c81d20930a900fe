import type { AuditEventId } from "../identifiers.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import { type Page, type PageRequest, pageOf } from "../storage/page.ts";
import type { AuditEvent, AuditEventInsert } from "./audit-event.ts";
import {
  type AuditFilter,
  type AuditStore,
  decodeAuditCursor,
  encodeAuditCursor,
  requireAppendable,
} from "./audit-store.ts";
import { AUDIT_TABLE, appendAudit } from "./in-memory-audit-rows.ts";

export class InMemoryAuditStore implements AuditStore {
  readonly #session: InMemorySession;

  constructor(session: InMemorySession) {
    this.#session = session;
  }

  async append(events: readonly AuditEventInsert[]): Promise<void> {
    requireAppendable(events);
    await this.#session.run((tables) => appendAudit(tables, events));
  }

  get(id: AuditEventId): Promise<AuditEvent | undefined> {
    return this.#session.run((tables) => tables.table<AuditEvent>(AUDIT_TABLE).get(id));
  }

  async list(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEvent>> {
    const position = decodeAuditCursor(filter, cursor);
    const before = position === undefined ? undefined : BigInt(position);
    const events = await this.#session.run((tables) =>
      tables
        .table<AuditEvent>(AUDIT_TABLE)
        .filter((event) => matches(event, filter) && (before === undefined || BigInt(event.sequence) < before)),
    );
    const newestFirst = events.reverse().slice(0, limit + 1);
    return pageOf(newestFirst, limit, (last) => encodeAuditCursor(filter, last.sequence));
  }
}

function matches(event: AuditEvent, { customerId, eventType, from, to }: AuditFilter): boolean {
  return (
    (customerId === undefined || event.customerId === customerId) &&
    (eventType === undefined || event.eventType === eventType) &&
    (from === undefined || event.timestamp >= from) &&
    (to === undefined || event.timestamp <= to)
  );
}
