import { VaultError } from "../../errors.ts";
import { foldHashes, hashFrom, type Subtree, type SubtreeHashes, subtreesBetween } from "./subtree.ts";
import { isFilledSize } from "./tree-hash.ts";

/**
 * Which subtrees a proof is made of: for each hash of the proof, in its order, the complete subtrees it is over.
 * A plan needs no hashes, so a caller with a database can read `plan.flat()` in one round trip. At most 64 hashes and
 * 126 subtrees, none of them twice.
 */
export type ProofPlan = readonly (readonly Subtree[])[];

/**
 * The plan of the proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1).
 * Throws `invalid_value` unless 0 <= index < size <= `MAX_TREE_SIZE`.
 */
export function planInclusion(index: bigint, size: bigint): ProofPlan {
  if (!isFilledSize(size) || index < 0n || index >= size) {
    throw new VaultError("invalid_value", "The leaf is not in a tree of this size.");
  }
  return pathFrom({ level: 0, index }, size);
}

/**
 * The plan of the proof that the tree of `to` leaves begins with the tree of `from` leaves (RFC 9162, 2.1.4.1); an
 * empty one when they are equal. Throws `invalid_value` unless 0 < from <= to <= `MAX_TREE_SIZE`.
 */
export function planConsistency(from: bigint, to: bigint): ProofPlan {
  if (!isFilledSize(from) || !isFilledSize(to) || from > to) {
    throw new VaultError("invalid_value", "No tree of the second size begins with one of the first.");
  }
  if (from === to) return [];
  const corner = lastCompleteSubtree(from);
  const path = pathFrom(corner, to);
  // A corner at index 0 is the whole first tree, whose root the verifier has.
  return corner.index === 0n ? path : [[corner], ...path];
}

/**
 * The proof of a plan: hashes of 32 bytes in the order of RFC 9162. Asks the source once for each subtree of the plan.
 * Throws `integrity_violation` when the source lacks one.
 */
export function proofOf(plan: ProofPlan, hashes: SubtreeHashes): readonly Uint8Array[] {
  return plan.map(([first, ...rest]) =>
    foldHashes([hashFrom(hashes, first as Subtree), ...rest.map((subtree) => hashFrom(hashes, subtree))]),
  );
}

/** The siblings met on the way from a complete subtree to the root. */
function pathFrom(subtree: Subtree, size: bigint): ProofPlan {
  const path: (readonly Subtree[])[] = [];
  let { level, index } = subtree;
  for (let last = (size - 1n) >> BigInt(level); last > 0n; level += 1, index >>= 1n, last >>= 1n) {
    const sibling = index ^ 1n;
    // Without a sibling, the last node of a level is passed on to the next as it is.
    if (sibling > last) continue;
    const end = (sibling + 1n) << BigInt(level);
    path.push(subtreesBetween(sibling << BigInt(level), end < size ? end : size));
  }
  return path;
}

/** The largest complete subtree that ends where the tree ends. */
function lastCompleteSubtree(size: bigint): Subtree {
  let level = 0;
  let index = size - 1n;
  for (; (index & 1n) === 1n; level += 1) index >>= 1n;
  return { level, index };
}
