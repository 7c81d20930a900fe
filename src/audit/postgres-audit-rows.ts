import type { AuditEventInsert } from "./audit-event.ts";

/*
 * The shape of audit events as rows, for every statement that appends them together with the change they
 * record: `insert into audit_events (AUDIT_INSERT_COLUMNS) select $1, AUDIT_RECORD_MEMBERS from auditRecordSet($n)`.
 */

export const AUDIT_INSERT_COLUMNS =
  "tenant_id, id, event_type, customer_id, subject_id, actor_type, actor_id, actor_role, request_id, event_data, timestamp";

export const AUDIT_RECORD_MEMBERS =
  'e.id, e."eventType", e."customerId", e."subjectId", e."actorType", e."actorId", e."actorRole", e."requestId", e."eventData", e.timestamp';

export function auditRecordSet(parameter: string): string {
  return `jsonb_to_recordset(${parameter}::jsonb) as e(id uuid, "eventType" text, "customerId" uuid, "subjectId" text,
    "actorType" text, "actorId" uuid, "actorRole" text, "requestId" text, "eventData" jsonb, timestamp timestamptz)`;
}

/** Audit events as `auditRecordSet` reads them, to be stringified by the caller. */
export function auditRecords(events: readonly AuditEventInsert[]): readonly object[] {
  return events.map((event) => ({
    id: event.id,
    eventType: event.eventType,
    customerId: event.customerId,
    subjectId: event.subjectId,
    actorType: event.actor.type,
    actorId: event.actor.id,
    actorRole: event.actor.role,
    requestId: event.requestId,
    eventData: event.eventData,
    timestamp: event.timestamp,
  }));
}
