import type { AuditEventInsert, AuditEventType } from "../audit/audit-event.ts";
import type { Clock, Instant } from "../clock.ts";
import type { CustomerId, IdGenerator } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { CallContext } from "../tenants/actor.ts";

/** What every use case works with besides its store. */
export interface UseCaseContext {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly call: CallContext;
}

/** Makes audit events in the name of the caller. `data` holds ids, names and commitments, never a value. */
export function auditEvent(
  context: UseCaseContext,
  event: {
    readonly eventType: AuditEventType;
    readonly customerId: CustomerId | null;
    readonly subjectId?: string | null;
    readonly data?: JsonObject;
    readonly at: Instant;
  },
): AuditEventInsert {
  return {
    id: context.ids.uuid(),
    eventType: event.eventType,
    customerId: event.customerId,
    subjectId: event.subjectId ?? null,
    actor: context.call.actor,
    requestId: context.call.requestId,
    eventData: event.data ?? {},
    timestamp: event.at,
  };
}
