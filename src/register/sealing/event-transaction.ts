import type { AuditEvent } from "../../audit/audit-event.ts";
import type { JsonObject, JsonValue } from "../../json.ts";
import { eventCommitment, eventSecret, itemRef, subjectRef } from "../commitments.ts";
import { COMMITMENT_FORM } from "../ledger/record-form.ts";
import { type KeyChange, PARENTS_MAX } from "../ledger/transaction.ts";
import type { TransactionDraft } from "./assemble-docket.ts";

/** What an event is sealed with besides itself. */
export interface EventSealing {
  readonly registerId: string;
  /** Of the customer, or of the tenant. */
  readonly secret: Uint8Array;
  /** False once the customer was erased: then nothing is to lead back to them. */
  readonly isLinkable: boolean;
  /** What the event says about the register's own keys. */
  readonly keyChanges: readonly KeyChange[];
}

/**
 * What the register says of an event: its type, when it was, who did it, pseudonyms, and commitments to the rest. Nothing of
 * it is personal data, and with the secret gone nothing can be learned from it.
 */
export function eventTransaction(event: AuditEvent, sealing: EventSealing): TransactionDraft {
  const { secret, keyChanges } = sealing;
  return {
    type: keyChanges.length > 0 ? "key" : "event",
    createdAt: Math.max(0, Date.parse(event.timestamp)),
    eventId: event.id,
    eventType: event.eventType,
    commitment: eventCommitment(eventSecret(secret, event.id), disclosedEvent(event)),
    actor: {
      type: event.actor.type,
      ...(event.actor.id !== null && { id: event.actor.id }),
      ...(event.actor.role !== null && { role: event.actor.role }),
    },
    ...pseudonyms(event, sealing),
    ...(keyChanges.length > 0 && { keys: keyChanges }),
  };
}

/** An event as its commitment binds it, and as a receipt shows it. */
export function disclosedEvent({ sequence: _, ...event }: AuditEvent): JsonObject {
  return { ...event, actor: { ...event.actor } };
}

function pseudonyms(
  { customerId, subjectId, eventType, eventData }: AuditEvent,
  { registerId, secret, isLinkable }: EventSealing,
): Partial<TransactionDraft> {
  const value = eventData["valueCommitment"] ?? eventData["contentCommitment"];
  const isCommitment = COMMITMENT_FORM(value);
  if (customerId === null || !isLinkable) return isCommitment ? { value: value as string } : {};
  const isAboutItem = subjectId !== null && /^(?:field|asset)_(?!definition)/.test(eventType);
  const parents = sourceItems(eventData["sources"]).slice(0, PARENTS_MAX);
  return {
    subject: subjectRef(secret, registerId),
    ...(isAboutItem && { item: itemRef(secret, subjectId) }),
    ...(isAboutItem && parents.length > 0 && { parents: parents.map((id) => itemRef(secret, id)) }),
    ...(isCommitment && { value: value as string }),
  };
}

function sourceItems(sources: JsonValue | undefined): readonly string[] {
  if (!Array.isArray(sources)) return [];
  return (sources as readonly JsonObject[]).flatMap(({ type, id }) =>
    (type === "profile_field" || type === "profile_asset") && typeof id === "string" ? [id] : [],
  );
}
