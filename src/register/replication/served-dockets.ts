import { DOCKETS_PER_PULL_MAX, type HeightRange, type PeerHead, PULL_BYTES_MAX } from "../recovery/register-peer.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import { catchUp } from "../verified/catch-up.ts";
import { adoptCheckpoint } from "../verified/register-checkpoints.ts";
import { charterOf } from "../verified/register-proofs.ts";
import { readDockets } from "../verified/register-reads.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";

/** Dockets that are read together. */
const STEP = 32n;

/** What is told of a register to those who follow it. */
export async function replicationHead(register: VerifiedRegister): Promise<PeerHead> {
  if (register.condition.state !== "Initializing") await register.inTurn(() => adoptCheckpoint(register));
  const { registerId, parts, set } = register;
  const { contiguousHeight } = set.heights;
  return {
    registerId,
    charter: charterOf(register),
    size: contiguousHeight === null ? 0n : contiguousHeight + 1n,
    note: parts.pins.newest?.note ?? null,
  };
}

/** Verified dockets of a range up to the first that is not, as many as one request may bring. */
export async function* servedDockets(
  register: VerifiedRegister,
  { start, end }: HeightRange,
): AsyncGenerator<DocketBytes, void, undefined> {
  const last = minimum(end, start + DOCKETS_PER_PULL_MAX - 1n);
  if (last >= register.set.total && register.condition.state !== "Initializing") {
    await register.inTurn(() => catchUp(register));
  }
  let bytesLeft = PULL_BYTES_MAX;
  for (let from = start; from <= last; from += STEP) {
    const heights = heightsBetween(from, minimum(last, from + STEP - 1n));
    const dockets = await readDockets(register, heights);
    for (const [at, height] of heights.entries()) {
      const docket = dockets[at];
      if (docket?.height !== height) return;
      bytesLeft -= docket.bytes.length;
      if (bytesLeft < 0) return;
      yield { height, bytes: docket.bytes };
    }
  }
}

function heightsBetween(first: bigint, last: bigint): readonly bigint[] {
  const heights: bigint[] = [];
  for (let height = first; height <= last; height++) heights.push(height);
  return heights;
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
