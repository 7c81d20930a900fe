import { VaultError } from "../../errors.ts";
import type { JsonObject, JsonValue } from "../../json.ts";
import { utf8 } from "../../signatures/byte-text.ts";
import { canonicalJson } from "../../signatures/canonical-json.ts";
import type { Charter } from "../ledger/charter.ts";
import type { DocketHeader } from "../ledger/docket.ts";
import type { RecordSignature } from "../ledger/record-form.ts";
import type { Transaction } from "../ledger/transaction.ts";

/*
 * Receipts: JSON files that prove one transaction to somebody who has nothing but the register's id, or the key of its
 * checkpoints. `docs/register-format.md` has the members.
 */

export const RECEIPT_FORMAT = "strongroom/receipt/v1";
/** Of the text in UTF-8. */
export const RECEIPT_BYTES_MAX = 4 * 2 ** 20;
export const RECEIPT_KEYS_MAX = 64;
/** Hashes of a path: no tree is higher. */
export const PATH_MAX = 63;

/** A transaction with everything that leads from it to the root of a checkpoint. */
export interface ProvenTransaction {
  readonly transaction: Transaction;
  /** Its place in the docket. */
  readonly index: number;
  /** Hashes in hexadecimal, as is `docketPath`. */
  readonly transactionPath: readonly string[];
  readonly docket: { readonly header: DocketHeader; readonly seal: RecordSignature };
  readonly docketPath: readonly string[];
}

/** What opens the commitments of the transaction. Secrets are in base64url. */
export interface Disclosure {
  readonly event: JsonObject;
  readonly secret: string;
  /** The value of the item that the event calls its `subjectId`. */
  readonly value?: { readonly value: JsonValue; readonly secret: string };
}

export interface Receipt {
  readonly format: typeof RECEIPT_FORMAT;
  readonly registerId: string;
  readonly charter: Charter;
  /** A signed note. */
  readonly checkpoint: string;
  readonly proof: ProvenTransaction;
  /** Those that made known, or ended, the keys that the rest is signed with: all, but nothing shows it. At most `RECEIPT_KEYS_MAX`. */
  readonly keys: readonly ProvenTransaction[];
  readonly disclosure?: Disclosure;
}

/**
 * The one text of a receipt, for people too: two spaces for each level, members of records sorted. Nothing is verified.
 *
 * @throws `limit_exceeded` beyond `RECEIPT_KEYS_MAX` and `RECEIPT_BYTES_MAX`
 */
export function formatReceipt(parts: Omit<Receipt, "format">): string {
  const { registerId, charter, checkpoint, proof, keys, disclosure } = parts;
  if (keys.length > RECEIPT_KEYS_MAX) throw tooLarge(RECEIPT_KEYS_MAX, keys.length);
  const receipt = {
    format: RECEIPT_FORMAT,
    registerId,
    charter: sorted(charter),
    checkpoint,
    proof: sortedProof(proof),
    keys: keys.map(sortedProof),
    ...(disclosure && { disclosure: sorted(disclosure) }),
  };
  const text = `${JSON.stringify(receipt, null, 2)}\n`;
  const { length } = utf8(text);
  if (length > RECEIPT_BYTES_MAX) throw tooLarge(RECEIPT_BYTES_MAX, length);
  return text;
}

function sortedProof({ transaction, index, transactionPath, docket, docketPath }: ProvenTransaction) {
  return {
    transaction: sorted(transaction),
    index,
    transactionPath,
    docket: { header: sorted(docket.header), seal: sorted(docket.seal) },
    docketPath,
  };
}

function sorted(record: object): unknown {
  return JSON.parse(canonicalJson(record as JsonObject));
}

function tooLarge(limit: number, found: number): VaultError {
  return new VaultError("limit_exceeded", "The receipt is too large.", { details: { limit, found } });
}
