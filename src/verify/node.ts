/* `index.ts` with the cryptography of Node. The types of both are those of `index.ts`. */
import type { ReceiptTrust, ReceiptVerdict } from "../register/receipts/receipt-verdict.ts";
import { verifyReceipt as verifyReceiptBy } from "../register/receipts/verify-receipt.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";

export { isVaultError, VaultError } from "../errors.ts";
export type { JsonObject, JsonValue } from "../json.ts";
export type { TransactionBody } from "../register/ledger/transaction.ts";
export { type NoteVerifier, parseVerifier } from "../register/notes/signed-note.ts";
export type {
  InvalidReceipt,
  ReceiptStep,
  ReceiptTrust,
  ReceiptVerdict,
  ValidReceipt,
} from "../register/receipts/receipt-verdict.ts";

/** As that of `index.ts`. */
export function verifyReceipt(text: string, trust: ReceiptTrust): ReceiptVerdict {
  return verifyReceiptBy(text, trust, NODE_SIGNATURE_SUITES);
}
