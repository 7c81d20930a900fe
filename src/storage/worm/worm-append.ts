import type { Instant } from "../../clock.ts";
import { invariant, VaultError } from "../../errors.ts";
import { WORM_SEQUENCE_MAX } from "../worm-store.ts";
import type { EncodedDocument } from "./worm-document.ts";
import type { WormHasher } from "./worm-hash.ts";
import type { SealedRow, WormEnd, WormRow } from "./worm-rows.ts";

/** Where documents go in a log that ends at `end`. */
export interface Placement {
  /** The place of the first document. */
  readonly start: bigint;
  /** How many of the places are taken already. */
  readonly taken: number;
}

/** Throws `sequence_conflict` and `limit_exceeded`. */
export function placementOf(
  count: number,
  options: { readonly expectedSequence: bigint | undefined; readonly end: WormEnd | undefined },
): Placement {
  const free = nextPlace(options.end);
  const start = options.expectedSequence ?? free;
  if (start > free) throw beyondTheEnd(start, free);
  if (start + BigInt(count) - 1n > WORM_SEQUENCE_MAX) {
    throw new VaultError("limit_exceeded", "The log has no place left.", {
      details: { limit: `${WORM_SEQUENCE_MAX}` },
    });
  }
  const behind = free - start;
  return { start, taken: behind < BigInt(count) ? Number(behind) : count };
}

export function nextPlace(end: WormEnd | undefined): bigint {
  return end ? end.sequence + 1n : 0n;
}

/** Throws `integrity_violation` when a row is missing and `immutable_record` when it holds another document. */
export function requireSame(
  rows: readonly WormRow[],
  documents: readonly EncodedDocument<unknown>[],
  start: bigint,
): void {
  documents.forEach(({ bytes }, index) => {
    const sequence = start + BigInt(index);
    const row = rows[index];
    const details = { sequence: sequence.toString() };
    if (row?.sequence !== sequence) {
      throw new VaultError("integrity_violation", "The log has lost a record.", { details });
    }
    if (Buffer.compare(row.bytes, bytes) !== 0) {
      throw new VaultError("immutable_record", "The log has another record at this place.", { details });
    }
  });
}

/** The rows that documents become when they are added after `end`. */
export function sealAfter(
  end: WormEnd | undefined,
  documents: readonly EncodedDocument<unknown>[],
  options: { readonly sealedAt: Instant | readonly Instant[]; readonly hasher: WormHasher },
): readonly SealedRow[] {
  const { hasher } = options;
  let sequence = nextPlace(end);
  let previousHash = end?.hash ?? null;
  return documents.map(({ bytes, indexed }, index) => {
    const sealedAt = instantAt(options.sealedAt, index);
    const hash = hasher.hash({ sequence, sealedAt, previousHash, bytes });
    const row = { sequence, sealedAt, previousHash, hash, bytes, indexed };
    sequence++;
    previousHash = hash;
    return row;
  });
}

/** Of one of the documents. */
function instantAt(sealedAt: Instant | readonly Instant[], index: number): Instant {
  if (typeof sealedAt === "string") return sealedAt;
  const instant = sealedAt[index];
  invariant(instant, "each document has an instant");
  return instant;
}

export function alwaysSlower(): VaultError {
  return new VaultError("sequence_conflict", "Other writers took the next place of the log again and again.");
}

function beyondTheEnd(expected: bigint, next: bigint): VaultError {
  const details = { expected: expected.toString(), next: next.toString() };
  return new VaultError("sequence_conflict", "The expected place is beyond the next free one.", { details });
}
