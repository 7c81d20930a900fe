import { createHash } from "node:crypto";

/*
 * The trees of RFC 9162 by their recursive definitions, word for word and slow, sharing no code with the product:
 * what the published vectors and the product's answers are compared with.
 */

type Hash = Uint8Array;

function sha256(...parts: readonly Uint8Array[]): Hash {
  return Uint8Array.from(createHash("sha256").update(Buffer.concat(parts)).digest());
}

export function naiveLeafHash(leaf: Uint8Array): Hash {
  return sha256(Uint8Array.of(0x00), leaf);
}

function naiveNodeHash(left: Hash, right: Hash): Hash {
  return sha256(Uint8Array.of(0x01), left, right);
}

/** The largest power of two smaller than a size above 1. */
function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}

/** MTH(D_n) of 2.1.1. */
export function naiveRoot(leaves: readonly Uint8Array[]): Hash {
  const [first] = leaves;
  if (!first) return sha256();
  if (leaves.length === 1) return naiveLeafHash(first);
  const k = split(leaves.length);
  return naiveNodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH(m, D_n) of 2.1.3.1. */
export function naiveInclusion(index: number, leaves: readonly Uint8Array[]): readonly Hash[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return index < k
    ? [...naiveInclusion(index, left), naiveRoot(right)]
    : [...naiveInclusion(index - k, right), naiveRoot(left)];
}

/** PROOF(m, D_n) of 2.1.4.1. */
export function naiveConsistency(from: number, leaves: readonly Uint8Array[]): readonly Hash[] {
  return subproof(from, leaves, true);
}

function subproof(m: number, leaves: readonly Uint8Array[], isWhole: boolean): readonly Hash[] {
  if (m === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m <= k
    ? [...subproof(m, left, isWhole), naiveRoot(right)]
    : [...subproof(m - k, right, false), naiveRoot(left)];
}

/** The roots of the complete subtrees that cover the leaves, left to right. */
export function naivePeaks(leaves: readonly Uint8Array[]): readonly Hash[] {
  if (leaves.length === 0) return [];
  const largest = split(leaves.length + 1);
  return [naiveRoot(leaves.slice(0, largest)), ...naivePeaks(leaves.slice(largest))];
}

/** The root that a proof of inclusion leads to from the top down; undefined when it has not as many hashes as it must. */
export function naiveRootOfInclusion(
  proof: readonly Hash[],
  { leafHash, index, size }: { leafHash: Hash; index: number | bigint; size: number | bigint },
): Hash | undefined {
  return rootAbove(proof, { leafHash, index: BigInt(index), size: BigInt(size) });
}

/** Of a size that is no safe integer, too. */
function rootAbove(
  proof: readonly Hash[],
  { leafHash, index, size }: { leafHash: Hash; index: bigint; size: bigint },
): Hash | undefined {
  const last = proof.at(-1);
  if (size === 1n) return last ? undefined : leafHash;
  if (!last) return undefined;
  const k = 2n ** BigInt((size - 1n).toString(2).length - 1);
  const [rest, isLeft] = [proof.slice(0, -1), index < k];
  const place = isLeft ? { leafHash, index, size: k } : { leafHash, index: index - k, size: size - k };
  const child = rootAbove(rest, place);
  if (!child) return undefined;
  return isLeft ? naiveNodeHash(child, last) : naiveNodeHash(last, child);
}

/** Both roots that a proof of consistency leads to; undefined when it has not as many hashes as it must. */
export function naiveRootsOfConsistency(
  proof: readonly Hash[],
  { fromRoot, from, to }: { fromRoot: Hash | undefined; from: number; to: number },
): readonly [Hash, Hash] | undefined {
  const last = proof.at(-1);
  if (from === to) {
    const whole = fromRoot ?? last;
    return whole && proof.length === (fromRoot ? 0 : 1) ? [whole, whole] : undefined;
  }
  if (!last) return undefined;
  const k = split(to);
  const rest = proof.slice(0, -1);
  if (from <= k) {
    const roots = naiveRootsOfConsistency(rest, { fromRoot, from, to: k });
    return roots && [roots[0], naiveNodeHash(roots[1], last)];
  }
  const roots = naiveRootsOfConsistency(rest, { fromRoot: undefined, from: from - k, to: to - k });
  return roots && [naiveNodeHash(last, roots[0]), naiveNodeHash(last, roots[1])];
}
