import { type Instant, instantOf } from "../../clock.ts";
import { hexOf } from "../../signatures/byte-text.ts";
import { type DocketHeader, prevDocketHashIn, readHeader } from "../ledger/docket.ts";
import { type DocketFrame, decodeFrame } from "../ledger/docket-frame.ts";
import type { RecordSignature } from "../ledger/record-form.ts";
import { readTransaction, type TransactionBody } from "../ledger/transaction.ts";

/** A docket that was verified. */
export interface VerifiedDocket {
  readonly registerId: string;
  readonly height: bigint;
  readonly hash: string;
  /** `null` for the first one. */
  readonly previousHash: string | null;
  readonly transactionIds: readonly string[];
  /** When it was sealed. */
  readonly timestamp: Instant;
  readonly verificationStatus: "Verified";
  readonly verifiedAt: Instant;
  readonly txRoot: string;
  readonly epoch: bigint;
  readonly proposerKeyId: string;
  /** As it is handed on, the seal included. */
  readonly bytes: Uint8Array;
  readonly frame: DocketFrame;
  readonly header: DocketHeader;
}

/** A transaction of a verified docket. */
export interface VerifiedTransaction {
  readonly registerId: string;
  readonly txId: string;
  readonly docketHeight: bigint;
  /** Within the docket, from 0. */
  readonly leafIndex: number;
  /** The key that signed it. */
  readonly sender: string;
  readonly timestamp: Instant;
  /** When its docket was sealed. */
  readonly sealedAt: Instant;
  readonly verifiedAt: Instant;
  readonly body: TransactionBody;
  readonly signatures: readonly RecordSignature[];
}

/** What the bytes of a docket say, once somebody has made sure that they are to be believed; `undefined` for none. */
export function docketOf(bytes: Uint8Array, verifiedAt: Instant): VerifiedDocket | undefined {
  const frame = decodeFrame(bytes);
  const header = frame && readHeader(frame.header);
  if (!header) return undefined;
  return {
    registerId: header.registerId,
    height: BigInt(header.height),
    hash: hexOf(frame.docketHash),
    previousHash: prevDocketHashIn(header) ?? null,
    transactionIds: frame.txIds.map(hexOf),
    timestamp: instantOf(header.sealedAt),
    verificationStatus: "Verified",
    verifiedAt,
    txRoot: header.txRoot,
    epoch: BigInt(header.epoch),
    proposerKeyId: header.proposer,
    bytes,
    frame,
    header,
  };
}

/** `undefined` when the docket has no transaction at the position. */
export function transactionAt(docket: VerifiedDocket, position: number): VerifiedTransaction | undefined {
  const record = docket.frame.records[position];
  const transaction = record && readTransaction(record);
  if (!transaction) return undefined;
  const { body, signatures, txId } = transaction;
  return {
    registerId: docket.registerId,
    txId,
    docketHeight: docket.height,
    leafIndex: position,
    sender: body.sender,
    timestamp: instantOf(body.createdAt),
    sealedAt: docket.timestamp,
    verifiedAt: docket.verifiedAt,
    body,
    signatures,
  };
}
