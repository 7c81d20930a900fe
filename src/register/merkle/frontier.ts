import { VaultError } from "../../errors.ts";
import { foldHashes, hashFrom, type SubtreeHashes, subtreesBetween } from "./subtree.ts";
import { emptyRoot, HASH_BYTES, isHash, MAX_TREE_SIZE, nodeHash } from "./tree-hash.ts";

const SIZE_BYTES = 8;

/**
 * What a tree must keep to grow and to know its root: its size and the hashes of the complete subtrees that cover
 * it, left to right, one for each bit of the size that is set. At most 63 hashes. A value: appending gives another one.
 */
export interface Frontier {
  readonly size: bigint;
  readonly peaks: readonly Uint8Array[];
}

/** Is told the hash of each subtree that an append completes, from the leaf (level 0) upwards. */
export type OnSubtree = (level: number, index: bigint, hash: Uint8Array) => void;

export const EMPTY_FRONTIER: Frontier = { size: 0n, peaks: [] };

/**
 * The frontier after one more leaf; the given one stays as it is. Computes as many hashes as the append completes
 * subtrees, one on average. Throws `invalid_value` when the hash is not 32 bytes or the tree is full.
 *
 * @param leafHash as `leafHash` gives it, kept and not copied
 */
export function appendLeaf(frontier: Frontier, leafHash: Uint8Array, onSubtree?: OnSubtree): Frontier {
  if (!isHash(leafHash)) throw new VaultError("invalid_value", "A leaf hash has 32 bytes.");
  if (frontier.size >= MAX_TREE_SIZE) throw new VaultError("invalid_value", "The tree is full.");
  const peaks = frontier.peaks.slice();
  let hash = leafHash;
  let index = frontier.size;
  onSubtree?.(0, index, hash);
  for (let level = 1; (index & 1n) === 1n; level += 1) {
    hash = nodeHash(peaks.pop() as Uint8Array, hash);
    index >>= 1n;
    onSubtree?.(level, index, hash);
  }
  peaks.push(hash);
  return { size: frontier.size + 1n, peaks };
}

/** The root of the tree: 32 bytes. Computes one hash less than there are peaks. */
export function rootOf({ peaks: [first, ...rest] }: Frontier): Uint8Array {
  return first ? foldHashes([first, ...rest]) : emptyRoot();
}

/**
 * The frontier that a tree had, or has, at a size from 0 to `MAX_TREE_SIZE`. Throws `invalid_value` for another
 * size, `integrity_violation` when the source lacks a subtree.
 */
export function frontierAt(size: bigint, hashes: SubtreeHashes): Frontier {
  if (size < 0n || size > MAX_TREE_SIZE) throw new VaultError("invalid_value", "No tree has this size.");
  return { size, peaks: subtreesBetween(0n, size).map((subtree) => hashFrom(hashes, subtree)) };
}

/** The one sequence of bytes of a frontier: the size in 8 bytes, most significant first, then the peaks. */
export function encodeFrontier({ size, peaks }: Frontier): Uint8Array {
  const bytes = new Uint8Array(SIZE_BYTES + peaks.length * HASH_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, size);
  for (const [at, peak] of peaks.entries()) bytes.set(peak, SIZE_BYTES + at * HASH_BYTES);
  return bytes;
}

/**
 * The frontier that `encodeFrontier` wrote, with hashes of its own; undefined for bytes it cannot have written.
 * That the hashes are those of the tree is only certain when the root is one that is trusted.
 */
export function decodeFrontier(bytes: Uint8Array): Frontier | undefined {
  if (bytes.length < SIZE_BYTES) return undefined;
  const size = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
  if (size > MAX_TREE_SIZE) return undefined;
  const count = subtreesBetween(0n, size).length;
  if (bytes.length !== SIZE_BYTES + count * HASH_BYTES) return undefined;
  const peaks = Array.from({ length: count }, (_, at) => {
    const start = SIZE_BYTES + at * HASH_BYTES;
    return Uint8Array.from(bytes.subarray(start, start + HASH_BYTES));
  });
  return { size, peaks };
}
