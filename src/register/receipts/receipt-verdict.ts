import type { JsonObject, JsonValue } from "../../json.ts";
import type { TransactionBody } from "../ledger/transaction.ts";
import type { Checkpoint } from "../notes/checkpoint.ts";
import type { NoteVerifier } from "../notes/signed-note.ts";

/** What somebody knows before they see a receipt: at least one of both. If it is both, both must hold. */
export interface ReceiptTrust {
  readonly registerId?: string | undefined;
  /** One of them must have signed the checkpoint, under the name of the register's log. */
  readonly checkpointKeys?: readonly NoteVerifier[] | undefined;
}

/** What is verified, in this order. */
export const RECEIPT_STEPS = ["form", "charter", "key", "checkpoint", "docket", "transaction", "disclosure"] as const;
export type ReceiptStep = (typeof RECEIPT_STEPS)[number];

/** What a receipt proves. */
export interface ValidReceipt {
  readonly isValid: true;
  readonly registerId: string;
  readonly checkpoint: Pick<Checkpoint, "origin" | "size" | "root">;
  /** 64 hexadecimal digits. */
  readonly txId: string;
  readonly transaction: TransactionBody;
  /** Of the docket. */
  readonly height: bigint;
  /** Milliseconds since 1970. */
  readonly sealedAt: number;
  readonly disclosed?: { readonly event: JsonObject; readonly value?: JsonValue };
}

export interface InvalidReceipt {
  readonly isValid: false;
  /** The first that failed. */
  readonly step: ReceiptStep;
  /** For people; quotes nothing of the receipt. */
  readonly reason: string;
}

export type ReceiptVerdict = ValidReceipt | InvalidReceipt;
