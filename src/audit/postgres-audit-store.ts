import { invariant, VaultError } from "../errors.ts";
import type { ApiKeyId, AuditEventId, TenantId } from "../identifiers.ts";
import { type Page, type PageRequest, pageOf } from "../storage/page.ts";
import { instantFromJson } from "../storage/postgres/json-instant.ts";
import { ConstraintViolation, type SqlSession, type SqlStatement } from "../storage/postgres/sql-database.ts";
import type { Actor } from "../tenants/actor.ts";
import type { Role } from "../tenants/role.ts";
import type { AuditEvent, AuditEventInsert } from "./audit-event.ts";
import {
  type AuditFilter,
  type AuditStore,
  decodeAuditCursor,
  encodeAuditCursor,
  requireAppendable,
} from "./audit-store.ts";
import { AUDIT_INSERT_COLUMNS, AUDIT_RECORD_MEMBERS, auditRecordSet, auditRecords } from "./postgres-audit-rows.ts";

const APPEND: SqlStatement = {
  name: "audit_append",
  text: `insert into audit_events (${AUDIT_INSERT_COLUMNS})
    select $1, ${AUDIT_RECORD_MEMBERS} from ${auditRecordSet("$2")}`,
};

/** The event `e` as `eventFromRow` reads it. */
export const EVENT_JSON = `json_build_object('id', e.id, 'sequence', e.sequence::text, 'eventType', e.event_type,
  'customerId', e.customer_id, 'subjectId', e.subject_id, 'actorType', e.actor_type, 'actorId', e.actor_id,
  'actorRole', e.actor_role, 'requestId', e.request_id, 'eventData', e.event_data, 'timestamp', e.timestamp) as event`;

const GET: SqlStatement = {
  name: "audit_get",
  text: `select ${EVENT_JSON} from audit_events e where e.tenant_id = $1 and e.id = $2`,
};

interface Condition {
  readonly valueOf: (filter: AuditFilter, before: string | undefined) => string | undefined;
  readonly sql: (parameter: string) => string;
}

const CONDITIONS: readonly Condition[] = [
  { valueOf: (filter) => filter.customerId, sql: (parameter) => `e.customer_id = ${parameter}` },
  { valueOf: (filter) => filter.eventType, sql: (parameter) => `e.event_type = ${parameter}` },
  { valueOf: (filter) => filter.from, sql: (parameter) => `e.timestamp >= ${parameter}` },
  { valueOf: (filter) => filter.to, sql: (parameter) => `e.timestamp <= ${parameter}` },
  { valueOf: (_, before) => before, sql: (parameter) => `e.sequence < ${parameter}` },
];

/** One statement for each set of conditions: a plan for all of them at once would use no index well. */
const LISTS: readonly SqlStatement[] = Array.from({ length: 1 << CONDITIONS.length }, (_, shape) => {
  let parameters = 2;
  const used = CONDITIONS.filter((_condition, index) => shape & (1 << index));
  const conditions = used.map(({ sql }) => ` and ${sql(`$${++parameters}`)}`);
  return {
    name: `audit_list_${shape}`,
    text: `select ${EVENT_JSON} from audit_events e
      where e.tenant_id = $1${conditions.join("")} order by e.sequence desc limit $2`,
  };
});

export class PostgresAuditStore implements AuditStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;

  constructor(session: SqlSession, tenantId: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  async append(events: readonly AuditEventInsert[]): Promise<void> {
    requireAppendable(events);
    if (events.length === 0) return;
    try {
      await this.#session.query(APPEND, [this.#tenantId, JSON.stringify(auditRecords(events))]);
    } catch (error) {
      if (!(error instanceof ConstraintViolation) || error.constraint !== "audit_events_pkey") throw error;
      throw new VaultError("audit_event_exists", "An audit event with this id exists.", { cause: error });
    }
  }

  async get(id: AuditEventId): Promise<AuditEvent | undefined> {
    const [row] = await this.#session.query<EventRow>(GET, [this.#tenantId, id]);
    return row && eventFromRow(row);
  }

  async list(filter: AuditFilter, { limit, cursor }: PageRequest): Promise<Page<AuditEvent>> {
    const before = decodeAuditCursor(filter, cursor);
    const values = CONDITIONS.map((condition) => condition.valueOf(filter, before));
    const shape = values.reduce<number>((bits, value, index) => (value === undefined ? bits : bits | (1 << index)), 0);
    const statement = LISTS[shape];
    invariant(statement, "there is a statement for each set of conditions");
    const given = values.filter((value) => value !== undefined);
    const rows = await this.#session.query<EventRow>(statement, [this.#tenantId, limit + 1, ...given]);
    return pageOf(rows.map(eventFromRow), limit, (last) => encodeAuditCursor(filter, last.sequence));
  }
}

export type EventRow = {
  readonly event: Omit<AuditEvent, "actor"> & {
    readonly actorType: Actor["type"];
    readonly actorId: ApiKeyId | null;
    readonly actorRole: Role | null;
  };
};

export function eventFromRow({ event: { actorType, actorId, actorRole, ...event } }: EventRow): AuditEvent {
  const actor = { type: actorType, id: actorId, role: actorRole } as Actor;
  return { ...event, actor, timestamp: instantFromJson(event.timestamp) };
}
