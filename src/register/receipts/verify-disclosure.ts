import type { JsonObject, JsonValue } from "../../json.ts";
import { bytesOfBase64Url } from "../../signatures/byte-text.ts";
import { canonicalJson } from "../../signatures/canonical-json.ts";
import { eventCommitment, valueCommitment } from "../commitments.ts";
import type { TransactionBody } from "../ledger/transaction.ts";
import type { Disclosure } from "./receipt.ts";

/** Why a disclosure, in its form, does not open the commitments of a transaction, or `undefined` when it does. */
export function problemOfDisclosure({ event, secret, value }: Disclosure, body: TransactionBody): string | undefined {
  const eventKey = bytesOfBase64Url(secret);
  if (!eventKey || body["commitment"] !== eventCommitment(eventKey, event)) {
    return "The event is not the one that the transaction commits to.";
  }
  if (!isToldBy(event, body)) return "The event is another one than the transaction tells of.";
  if (!value) return undefined;
  const itemId = event["subjectId"];
  if (typeof itemId !== "string") return "The event is about no item that could have a value.";
  const valueKey = bytesOfBase64Url(value.secret);
  if (!valueKey || body["value"] !== valueCommitment(valueKey, itemId, value.value)) {
    return "The value is not the one that the transaction commits to.";
  }
  return undefined;
}

/** Whether a transaction says of its event what that says of itself. */
function isToldBy({ id, eventType, timestamp, actor }: JsonObject, body: TransactionBody): boolean {
  return (
    id === body["eventId"] &&
    eventType === body["eventType"] &&
    timestamp === new Date(body.createdAt).toISOString() &&
    actor !== undefined &&
    canonicalJson(withoutNulls(actor)) === canonicalJson(body["actor"] as JsonObject)
  );
}

/** In transactions, what is not there is absent. */
function withoutNulls(actor: JsonValue): JsonValue {
  if (typeof actor !== "object" || actor === null || Array.isArray(actor)) return actor;
  return Object.fromEntries(Object.entries(actor).filter(([, member]) => member !== null));
}
