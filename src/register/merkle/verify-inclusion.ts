import { climb } from "./climb.ts";
import { isFilledSize, isHash, nodeHash, sameHash } from "./tree-hash.ts";

/** A claim that a leaf is at a place of a tree. Nothing in it needs to be well-formed. */
export interface InclusionClaim {
  readonly leafHash: Uint8Array;
  readonly index: bigint;
  /** The number of leaves of the tree. A root does not bind it: it must come from where the root comes from. */
  readonly size: bigint;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether the proof shows that the leaf is in the tree at this index (RFC 9162, 2.1.3.2). False, and never an
 * exception, for whatever is malformed. Computes at most 63 hashes however long the proof is.
 */
export function verifyInclusion({ leafHash, index, size, root, proof }: InclusionClaim): boolean {
  if (!isFilledSize(size) || typeof index !== "bigint" || index < 0n || index >= size) return false;
  if (!isHash(leafHash) || !isHash(root) || !Array.isArray(proof)) return false;
  let hash = leafHash;
  const isWhole = climb({ index, last: size - 1n }, proof, (sibling, isLeft) => {
    hash = isLeft ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
  });
  return isWhole && sameHash(hash, root);
}
