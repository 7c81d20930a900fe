import type { z } from "zod";
import { readSeal } from "../register/ledger/docket.ts";
import type { CorruptionRangeRecord } from "../register/range-record.ts";
import { formatReceipt, type Receipt } from "../register/receipts/receipt.ts";
import type { RecoverySummary } from "../register/recovery/recovery-service.ts";
import type { RegisterStatus } from "../register/register-service.ts";
import type { Seal } from "../register/seal.ts";
import type { ConsistencyProof } from "../register/verified/register-proofs.ts";
import type { DocketPage } from "../register/verified/register-reads.ts";
import type { VerifiedDocket, VerifiedTransaction } from "../register/verified/verified-docket.ts";
import type { RegisterInitialization } from "../register/verified/verified-register.ts";
import { hexOf } from "../signatures/byte-text.ts";
import type { ReadonlyValue } from "./route.ts";
import type {
  consistencyProof,
  docket,
  docketPage,
  receipt,
  recoveryReport,
  registerStatus,
  seal,
  transaction,
  verificationReport,
} from "./schemas/register-schemas.ts";

/* What is told of registers, as JSON: 64-bit numbers are texts, bytes hexadecimal. */

type Json<Schema extends z.ZodType> = ReadonlyValue<z.input<Schema>>;
export type RegisterStatusJson = Json<typeof registerStatus>;
export type VerificationReportJson = Json<typeof verificationReport>;
export type RecoveryReportJson = Json<typeof recoveryReport>;
export type ReceiptJson = Json<typeof receipt>;
export type SealJson = Json<typeof seal>;

export function statusJson(status: RegisterStatus): RegisterStatusJson {
  const {
    record,
    charter,
    operational,
    heights,
    ranges,
    checkpoint,
    checkpointVerifier = null,
    replica,
    scrub,
  } = status;
  const { state, message, lastStateChange, progress, totalHeight } = operational;
  return {
    registerId: record.registerId,
    kind: record.kind,
    charter: { ...charter },
    state: { state, message, lastStateChange, progress: progress && progressJson(progress) },
    counts: {
      verifiedCount: heights.verifiedCount.toString(),
      contiguousHeight: heights.contiguousHeight?.toString() ?? null,
      highestHeight: heights.highestHeight?.toString() ?? null,
      totalCount: totalHeight.toString(),
    },
    corruptedRanges: ranges.map(rangeJson),
    checkpoint: checkpoint
      ? { size: checkpoint.size.toString(), root: hexOf(checkpoint.root), note: checkpoint.note }
      : null,
    checkpointVerifier,
    scrub: scrub ? { ...scrub, position: scrub.position.toString() } : null,
    replica: replica ? replicaJson(replica) : null,
  };
}

function replicaJson({ sourceSize, behind, ...rest }: NonNullable<RegisterStatus["replica"]>) {
  return { ...rest, sourceSize: sourceSize?.toString() ?? null, behind: behind?.toString() ?? null };
}

export function progressJson({ examined, total, perSecond }: NonNullable<RegisterStatus["operational"]["progress"]>) {
  return { examined: examined.toString(), total: total.toString(), perSecond };
}

function rangeJson(range: CorruptionRangeRecord): RegisterStatusJson["corruptedRanges"][number] {
  const { id: _, version: __, startHeight, endHeight, ...rest } = range;
  return { ...rest, startHeight: startHeight.toString(), endHeight: endHeight.toString() };
}

export function recoveryJson({ remaining, ...counts }: RecoverySummary): RecoveryReportJson {
  return { ...counts, remaining: remaining.map(rangeJson) };
}

function docketSummaryJson({ height, hash, header, frame, verifiedAt }: VerifiedDocket) {
  const { alg, keyId, sig } = readSeal(frame.seal) ?? { alg: "", keyId: "", sig: "" };
  return { height: height.toString(), hash, header: { ...header }, seal: { alg, keyId, sig }, verifiedAt };
}

export function docketJson(found: VerifiedDocket, withBytes: boolean): Json<typeof docket> {
  return {
    ...docketSummaryJson(found),
    transactionIds: found.transactionIds,
    ...(withBytes && { bytes: Buffer.from(found.bytes).toString("base64") }),
  };
}

export function docketPageJson({ dockets, complete, gaps, nextCursor }: DocketPage): Json<typeof docketPage> {
  return {
    items: dockets.map(docketSummaryJson),
    complete,
    gaps: gaps.map(({ start, end, reason }) => {
      return { startHeight: start.toString(), endHeight: end.toString(), reason };
    }),
    nextCursor,
  };
}

export function transactionJson(found: VerifiedTransaction): Json<typeof transaction> {
  const { txId, docketHeight, leafIndex, body, signatures, sealedAt, verifiedAt } = found;
  return {
    transactionId: txId,
    height: docketHeight.toString(),
    index: leafIndex,
    body: { ...body },
    signatures: signatures.map(({ alg, keyId, sig }) => ({ alg, keyId, sig })),
    sealedAt,
    verifiedAt,
  };
}

/** Throws `limit_exceeded` for a receipt that would be too large to be one. */
export function receiptJson(parts: Omit<Receipt, "format">): ReceiptJson {
  return JSON.parse(formatReceipt(parts)) as ReceiptJson;
}

export function consistencyJson({
  from,
  fromRoot,
  to,
  toRoot,
  proof,
}: ConsistencyProof): Json<typeof consistencyProof> {
  return {
    from: from.toString(),
    fromRoot: hexOf(fromRoot),
    to: to.toString(),
    toRoot: hexOf(toRoot),
    proof: proof.map(hexOf),
  };
}

export function verificationJson(found: RegisterInitialization): VerificationReportJson {
  const { verifiedDocketCount, totalDocketCount, corruptedRanges, ...rest } = found;
  return {
    ...rest,
    verifiedDocketCount: verifiedDocketCount.toString(),
    totalDocketCount: totalDocketCount.toString(),
    corruptedRanges: corruptedRanges.map(({ start, end, type, details, failing }) => ({
      type,
      startHeight: start.toString(),
      endHeight: end.toString(),
      details,
      transactionIds: failing.map(({ txId }) => txId),
    })),
  };
}

export function sealJson(found: Seal): SealJson {
  return found.status === "pending" ? found : { ...found, height: found.height.toString() };
}
