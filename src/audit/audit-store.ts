import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { AuditEventId, CustomerId } from "../identifiers.ts";
import { decodeCursor, encodeCursor, type Page, type PageRequest } from "../storage/page.ts";
import type { AuditEvent, AuditEventInsert, AuditEventType } from "./audit-event.ts";

/** What a list of events is narrowed to; members left out do not narrow it. */
export interface AuditFilter {
  readonly customerId?: CustomerId | undefined;
  readonly eventType?: AuditEventType | undefined;
  /** Events at this instant and later. */
  readonly from?: Instant | undefined;
  /** Events at this instant and earlier. */
  readonly to?: Instant | undefined;
}

/*
 * The journal of the one tenant that a store is bound to. There is no way to change or remove an event.
 * Every method may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */

export interface AuditReader {
  get(id: AuditEventId): Promise<AuditEvent | undefined>;
  /** Newest first, by position in the journal. Rejects with `invalid_cursor`, also when the filter changed. */
  list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEvent>>;
}

export interface AuditWriter {
  /** Appends the events in their order, all or none. Rejects with `audit_event_exists` when an id is taken. */
  append(events: readonly AuditEventInsert[]): Promise<void>;
}

export interface AuditStore extends AuditReader, AuditWriter {}

export const AUDIT_EVENTS_PER_APPEND_MAX = 1_000;

const SEQUENCE = /^[1-9]\d{0,17}$/;

/** The cursor of a page that ended at a position, good for the same filter only. */
export function encodeAuditCursor(filter: AuditFilter, sequence: string): string {
  return encodeCursor(listName(filter), [sequence]);
}

/** The position a page ended with, as decimal text; `undefined` for a first page. Throws `invalid_cursor`. */
export function decodeAuditCursor(filter: AuditFilter, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const sequence = decodeCursor(listName(filter), cursor, 1)[0];
  if (sequence !== undefined && SEQUENCE.test(sequence)) return sequence;
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}

export function requireAppendable(events: readonly AuditEventInsert[]): void {
  if (events.length <= AUDIT_EVENTS_PER_APPEND_MAX) return;
  throw new VaultError("limit_exceeded", "Too many audit events at once.", {
    details: { limit: AUDIT_EVENTS_PER_APPEND_MAX },
  });
}

function listName({ customerId, eventType, from, to }: AuditFilter): string {
  return ["audit", customerId, eventType, from, to].join(" ");
}
