import { sha256 } from "../../signatures/sha256.ts";

export const HASH_BYTES = 32;

/** The largest tree: positions and sizes fit a signed 64-bit column. */
export const MAX_TREE_SIZE = 2n ** 63n - 1n;

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** The hash of a leaf by its bytes, of any length (RFC 9162, 2.1.1). */
export function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(LEAF_PREFIX, leaf);
}

/** The hash of a node by the hashes of its children (RFC 9162, 2.1.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(NODE_PREFIX, left, right);
}

/** The root of the tree without leaves. */
export function emptyRoot(): Uint8Array {
  return sha256();
}

/** Whether a value that may come from an enemy has the form of a hash. */
export function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}

/** Whether two hashes are equal. Hashes of a register are public, so the time it takes gives nothing away. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < HASH_BYTES; at += 1) {
    if (one[at] !== other[at]) return false;
  }
  return true;
}

/** Whether a value that may come from an enemy is a size from 1 to `MAX_TREE_SIZE`. */
export function isFilledSize(value: unknown): value is bigint {
  return typeof value === "bigint" && value > 0n && value <= MAX_TREE_SIZE;
}
