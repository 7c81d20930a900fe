/*
 * What somebody needs who was handed a receipt, and nothing else of the vault: runs in a browser. In Node the package
 * resolves to `node.ts`, which says the same with Node's own cryptography.
 */
import type { ReceiptTrust, ReceiptVerdict } from "../register/receipts/receipt-verdict.ts";
import { verifyReceipt as verifyReceiptBy } from "../register/receipts/verify-receipt.ts";
import { PORTABLE_SIGNATURE_SUITES } from "../signatures/portable-signature-suites.ts";

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

/**
 * Whether a receipt proves its transaction to somebody who trusts a register's id, a key of its checkpoints (as
 * `parseVerifier` reads it), or both. Asks nobody. It is not proven that there are no other transactions about keys than
 * those in the receipt, earlier or later ones: a key that had ended may be valid by it. So by the register's id alone it is
 * as good as every key that the register ever had, and by a key of its checkpoints as good as who holds that. Nor is it
 * proven that no later transaction changed the value again. `docs/register-format.md` says how to know more.
 *
 * @param text the receipt's file, at most 4 MiB; may come from an enemy
 * @throws `invalid_value` when nothing is trusted
 */
export function verifyReceipt(text: string, trust: ReceiptTrust): ReceiptVerdict {
  return verifyReceiptBy(text, trust, PORTABLE_SIGNATURE_SUITES);
}
