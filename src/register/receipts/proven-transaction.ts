import { VaultError } from "../../errors.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import { readHeader, readSeal } from "../ledger/docket.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import { readTransaction } from "../ledger/transaction.ts";
import { planInclusion, proofOf } from "../merkle/proof-plan.ts";
import { subtreeHashesOf } from "../merkle/subtree.ts";
import { leafHash } from "../merkle/tree-hash.ts";
import type { ProvenTransaction } from "./receipt.ts";

/**
 * The proof of one transaction of a docket. Nothing is verified: a receipt of what is wrong proves nothing.
 *
 * @throws `integrity_violation` when the bytes are no docket, `invalid_value` when it has no such transaction
 */
export function provenTransaction(from: {
  /** The frame of the docket. */
  readonly bytes: Uint8Array;
  /** Of the transaction in the docket, from 0. */
  readonly position: number;
  /** From the docket to the root of the checkpoint, 32 bytes each. */
  readonly docketPath: readonly Uint8Array[];
}): ProvenTransaction {
  const frame = decodeFrame(from.bytes);
  const header = frame && readHeader(frame.header);
  const seal = frame && readSeal(frame.seal);
  if (!frame || !header || !seal) throw unreadable();
  const record = frame.records[from.position];
  if (!record) throw new VaultError("invalid_value", "The docket has no transaction at this position.");
  const transaction = readTransaction(record);
  if (!transaction) throw unreadable();
  const plan = planInclusion(BigInt(from.position), BigInt(frame.records.length));
  return {
    transaction: { body: transaction.body, signatures: transaction.signatures },
    index: from.position,
    transactionPath: proofOf(plan, subtreeHashesOf(frame.records.map(leafHash))).map(hexOf),
    docket: { header, seal },
    docketPath: from.docketPath.map(hexOf),
  };
}

function unreadable(): VaultError {
  return new VaultError("integrity_violation", "What is kept of the docket cannot be read.");
}
