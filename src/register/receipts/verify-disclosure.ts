import { bytesOfBase64Url } from "../../signatures/byte-text.ts";
import { eventCommitment, valueCommitment } from "../commitments.ts";
import type { TransactionBody } from "../ledger/transaction.ts";
import type { Disclosure } from "./receipt.ts";

/** Why a disclosure, in its form, does not open the commitments of a transaction, or `undefined` when it does. */
export function problemOfDisclosure(
  { event, secret, value }: Disclosure,
  { commitment, value: committed }: TransactionBody,
): string | undefined {
  const eventKey = bytesOfBase64Url(secret);
  if (!eventKey || commitment !== eventCommitment(eventKey, event)) {
    return "The event is not the one that the transaction commits to.";
  }
  if (!value) return undefined;
  const itemId = event["subjectId"];
  if (typeof itemId !== "string") return "The event is about no item that could have a value.";
  const valueKey = bytesOfBase64Url(value.secret);
  if (!valueKey || committed !== valueCommitment(valueKey, itemId, value.value)) {
    return "The value is not the one that the transaction commits to.";
  }
  return undefined;
}
