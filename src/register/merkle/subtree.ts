import { VaultError } from "../../errors.ts";
import { isHash, nodeHash } from "./tree-hash.ts";

/**
 * A complete subtree: the 2^level leaves from leaf `index * 2^level` on. Its hash never changes while the tree
 * grows, so it can be stored once and for all; level 0 are the leaf hashes.
 */
export interface Subtree {
  readonly level: number;
  readonly index: bigint;
}

/** A subtree's name among those of one tree. */
export function subtreeKey({ level, index }: Subtree): string {
  return `${level}/${index}`;
}

/** Where the hashes of complete subtrees are read from; undefined for one that the source does not have. */
export type SubtreeHashes = (level: number, index: bigint) => Uint8Array | undefined;

/**
 * The complete subtrees that cover the leaves from `start` up to `end`, left to right, none of them twice as large
 * as needed. `start` must be a multiple of a power of two that is not smaller than the number of leaves.
 */
export function subtreesBetween(start: bigint, end: bigint): readonly Subtree[] {
  const found: Subtree[] = [];
  // From the right end, because the sizes of the subtrees are the bits of the number of leaves.
  for (let level = 0, left = end - start, at = end; left > 0n; level += 1, left >>= 1n) {
    if ((left & 1n) === 0n) continue;
    at -= 1n << BigInt(level);
    found.push({ level, index: at >> BigInt(level) });
  }
  return found.reverse();
}

/** The hash of a subtree as the source has it. Throws `integrity_violation` when it is absent or not 32 bytes. */
export function hashFrom(hashes: SubtreeHashes, { level, index }: Subtree): Uint8Array {
  const found = hashes(level, index);
  if (isHash(found)) return found;
  throw new VaultError("integrity_violation", "The hash of a subtree is missing or malformed.", {
    details: { level, index: String(index) },
  });
}

/** The hash over neighbouring complete subtrees of falling size, of which there must be at least one. */
export function foldHashes(hashes: readonly [Uint8Array, ...Uint8Array[]]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/**
 * A source of subtree hashes over leaf hashes in memory, for trees that are small. Computes all of them at once:
 * n - 1 hashes at most for n leaves.
 */
export function subtreeHashesOf(leafHashes: readonly Uint8Array[]): SubtreeHashes {
  const levels = [leafHashes];
  for (let below = leafHashes; below.length > 1; ) {
    below = pairsOf(below);
    levels.push(below);
  }
  return (level, index) => levels[level]?.[Number(index)];
}

function pairsOf(below: readonly Uint8Array[]): readonly Uint8Array[] {
  return below.flatMap((left, at) => {
    const right = at % 2 === 0 ? below[at + 1] : undefined;
    return right ? [nodeHash(left, right)] : [];
  });
}
