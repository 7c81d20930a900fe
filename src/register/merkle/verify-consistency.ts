import { climb } from "./climb.ts";
import { isFilledSize, isHash, nodeHash, sameHash } from "./tree-hash.ts";

/** A claim that one tree begins with another one. Nothing in it needs to be well-formed. */
export interface ConsistencyClaim {
  /** The number of leaves of the first tree. Roots do not bind sizes: each must come from where its root comes from. */
  readonly from: bigint;
  readonly fromRoot: Uint8Array;
  readonly to: bigint;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the first leaves of the second tree are those of the first one (RFC 9162, 2.1.4.2).
 * Between trees of equal size the only proof is the empty one, and the roots must be equal. False, and never an
 * exception, for whatever is malformed and for an empty first tree, of which there is nothing to show. Computes at most
 * 126 hashes however long the proof is.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const { from, fromRoot, to, toRoot, proof } = claim;
  if (!isFilledSize(from) || !isFilledSize(to) || from > to) return false;
  if (!isHash(fromRoot) || !isHash(toRoot) || !Array.isArray(proof)) return false;
  return from === to ? proof.length === 0 && sameHash(fromRoot, toRoot) : leadsToBothRoots(claim);
}

function leadsToBothRoots({ from, fromRoot, to, toRoot, proof }: ConsistencyClaim): boolean {
  const isPowerOfTwo = (from & (from - 1n)) === 0n;
  // A first tree that is complete is itself the subtree the way begins at, and the proof leaves it out.
  const start: unknown = isPowerOfTwo ? fromRoot : proof[0];
  if (!isHash(start)) return false;
  let index = from - 1n;
  let last = to - 1n;
  for (; (index & 1n) === 1n; index >>= 1n) last >>= 1n;
  let fromHash = start;
  let toHash = start;
  const isWhole = climb({ index, last }, isPowerOfTwo ? proof : proof.slice(1), (sibling, isLeft) => {
    if (isLeft) fromHash = nodeHash(sibling, fromHash);
    toHash = isLeft ? nodeHash(sibling, toHash) : nodeHash(toHash, sibling);
  });
  return isWhole && sameHash(fromHash, fromRoot) && sameHash(toHash, toRoot);
}
