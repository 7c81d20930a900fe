import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexOf } from "../../../test/vectors/merkle-vectors.ts";
import {
  naiveConsistency,
  naiveInclusion,
  naiveRoot,
  naiveRootOfInclusion,
  naiveRootsOfConsistency,
} from "../../../test/vectors/naive-merkle-tree.ts";
import { planConsistency, planInclusion, proofOf } from "./proof-plan.ts";
import { subtreeHashesOf } from "./subtree.ts";
import { leafHash, MAX_TREE_SIZE } from "./tree-hash.ts";
import { type ConsistencyClaim, verifyConsistency } from "./verify-consistency.ts";
import { type InclusionClaim, verifyInclusion } from "./verify-inclusion.ts";

const SEED = 20_261_122;
const COUNT = 65;

/** Up to where every bit of every size is flipped. */
const FLIPPED_COUNT = 33;
const leaves = Array.from({ length: COUNT }, (_, at) => Buffer.from(`leaf ${at}`));
const hashes = subtreeHashesOf(leaves.map(leafHash));
const roots = Array.from({ length: COUNT + 1 }, (_, size) => naiveRoot(leaves.slice(0, size)));

function rootAt(size: number): Uint8Array {
  return roots[size] as Uint8Array;
}

function inclusionClaim(index: number, size: number): InclusionClaim {
  const proof = proofOf(planInclusion(BigInt(index), BigInt(size)), hashes);
  const leaf = leaves[index] as Uint8Array;
  return { leafHash: leafHash(leaf), index: BigInt(index), size: BigInt(size), root: rootAt(size), proof };
}

function consistencyClaim(from: number, to: number): ConsistencyClaim {
  const proof = proofOf(planConsistency(BigInt(from), BigInt(to)), hashes);
  return { from: BigInt(from), fromRoot: rootAt(from), to: BigInt(to), toRoot: rootAt(to), proof };
}

/** The verdict of the recursive definition; sizes beyond any proof of these trees are never accepted. */
function naiveInclusionVerdict({ leafHash: hash, index, size, root, proof }: InclusionClaim): boolean {
  if (index < 0n || index >= size) return false;
  const place = { leafHash: hash, index: Number(index), size: Number(size) };
  const computed = naiveRootOfInclusion(proof, place);
  return computed !== undefined && hexOf(computed) === hexOf(root);
}

function naiveConsistencyVerdict({ from, fromRoot, to, toRoot, proof }: ConsistencyClaim): boolean {
  if (from <= 0n || from > to) return false;
  const computed = naiveRootsOfConsistency(proof, { fromRoot, from: Number(from), to: Number(to) });
  return computed !== undefined && hexOf(computed[0]) === hexOf(fromRoot) && hexOf(computed[1]) === hexOf(toRoot);
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

/** The hash with each of its bits flipped. */
function flipsOf(hash: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: 256 }, (_, bit) => flip(hash, bit));
}

/** The number with each of its 64 bits flipped. */
function numberFlipsOf(number: bigint): readonly bigint[] {
  return Array.from({ length: 64 }, (_, bit) => number ^ (1n << BigInt(bit)));
}

/** The proof with each bit of each hash flipped, with each hash left out, doubled, or exchanged with the next. */
function proofMutationsOf(proof: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  return [
    [...proof, new Uint8Array(32)],
    ...proof.flatMap((hash, at) => [
      ...flipsOf(hash).map((flipped) => proof.with(at, flipped)),
      proof.toSpliced(at, 1),
      proof.toSpliced(at, 0, hash),
      proof.with(at, hash.subarray(0, 31)),
      proof.with(at, Uint8Array.from([...hash, 0])),
      ...(at > 0 ? [proof.with(at, proof[at - 1] as Uint8Array).with(at - 1, hash)] : []),
    ]),
  ];
}

describe("proofs of inclusion", () => {
  it("are those of the recursive definition, and hold, for every leaf of every size", () => {
    for (let size = 1; size <= COUNT; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const claim = inclusionClaim(index, size);
        expect(claim.proof.map(hexOf)).toEqual(naiveInclusion(index, leaves.slice(0, size)).map(hexOf));
        expect(verifyInclusion(claim)).toBe(true);
      }
    }
  });

  it("do not hold for another leaf, another index or another tree", () => {
    for (let size = 1; size <= COUNT; size += 8) {
      for (let index = 0; index < size; index += 1) {
        const claim = inclusionClaim(index, size);
        for (let other = 0; other < COUNT; other += 1) {
          const moved = { ...claim, index: BigInt(other) };
          expect(verifyInclusion(moved)).toBe(other === index);
          expect(verifyInclusion({ ...claim, leafHash: leafHash(leaves[other] as Uint8Array) })).toBe(other === index);
          const resized = { ...claim, size: BigInt(other), root: rootAt(other) };
          expect(verifyInclusion(resized)).toBe(other === size);
        }
      }
    }
  });

  it("fail after any mutation", () => {
    const place = fc.integer({ min: 1, max: COUNT }).chain((size) => fc.tuple(fc.nat(size - 1), fc.constant(size)));
    fc.assert(
      fc.property(place, ([index, size]) => {
        const claim = inclusionClaim(index, size);
        const mutations = [
          ...flipsOf(claim.leafHash).map((flipped) => ({ ...claim, leafHash: flipped })),
          ...flipsOf(claim.root).map((flipped) => ({ ...claim, root: flipped })),
          ...numberFlipsOf(claim.index).map((flipped) => ({ ...claim, index: flipped })),
          ...proofMutationsOf(claim.proof).map((proof) => ({ ...claim, proof })),
        ];
        expect(mutations.filter(verifyInclusion)).toEqual([]);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("hold for another size only where the recursive definition cannot tell them apart", () => {
    let alike = 0;
    for (let size = 1; size <= FLIPPED_COUNT; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const claim = inclusionClaim(index, size);
        for (const flipped of numberFlipsOf(claim.size)) {
          const mutated = { ...claim, size: flipped };
          const verdict = flipped < 2n ** 53n && naiveInclusionVerdict(mutated);
          expect(verifyInclusion(mutated)).toBe(verdict);
          alike += Number(verdict);
        }
      }
    }
    // The way of leaf 0 of 5 is that of leaf 0 of 7: a size is never taken from whoever brings the proof.
    expect(verifyInclusion({ ...inclusionClaim(0, 5), size: 7n })).toBe(true);
    expect(alike).toBeGreaterThan(0);
  });
});

describe("proofs of consistency", () => {
  it("are those of the recursive definition, and hold, for every pair of sizes", () => {
    for (let to = 1; to <= COUNT; to += 1) {
      for (let from = 1; from <= to; from += 1) {
        const claim = consistencyClaim(from, to);
        expect(claim.proof.map(hexOf)).toEqual(naiveConsistency(from, leaves.slice(0, to)).map(hexOf));
        expect(verifyConsistency(claim)).toBe(true);
      }
    }
  });

  it("do not hold for another first or second tree", () => {
    for (let to = 1; to <= COUNT; to += 8) {
      for (let from = 1; from <= to; from += 1) {
        const claim = consistencyClaim(from, to);
        for (let other = 0; other <= COUNT; other += 1) {
          expect(verifyConsistency({ ...claim, from: BigInt(other), fromRoot: rootAt(other) })).toBe(other === from);
          expect(verifyConsistency({ ...claim, to: BigInt(other), toRoot: rootAt(other) })).toBe(other === to);
          expect(verifyConsistency({ ...claim, fromRoot: rootAt(other) })).toBe(other === from);
          expect(verifyConsistency({ ...claim, toRoot: rootAt(other) })).toBe(other === to);
        }
      }
    }
  });

  it("fail after any mutation", () => {
    const pair = fc
      .integer({ min: 1, max: COUNT })
      .chain((to) => fc.tuple(fc.integer({ min: 1, max: to }), fc.constant(to)));
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const claim = consistencyClaim(from, to);
        const mutations = [
          ...flipsOf(claim.fromRoot).map((flipped) => ({ ...claim, fromRoot: flipped })),
          ...flipsOf(claim.toRoot).map((flipped) => ({ ...claim, toRoot: flipped })),
          ...proofMutationsOf(claim.proof).map((proof) => ({ ...claim, proof })),
        ];
        expect(mutations.filter(verifyConsistency)).toEqual([]);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("hold for other sizes only where the recursive definition cannot tell them apart", () => {
    for (let to = 1; to <= FLIPPED_COUNT; to += 1) {
      for (let from = 1; from <= to; from += 1) {
        const claim = consistencyClaim(from, to);
        const mutations = [
          ...numberFlipsOf(claim.from).map((flipped) => ({ ...claim, from: flipped })),
          ...numberFlipsOf(claim.to).map((flipped) => ({ ...claim, to: flipped })),
        ];
        for (const mutated of mutations) {
          const verdict = mutated.to < 2n ** 53n && naiveConsistencyVerdict(mutated);
          expect(verifyConsistency(mutated)).toBe(verdict);
        }
      }
    }
  });
});

describe("malformed claims", () => {
  const inclusion = inclusionClaim(5, 13);
  const consistency = consistencyClaim(6, 13);
  const notHashes = [
    null,
    undefined,
    5,
    "x".repeat(32),
    new Uint8Array(31),
    new Uint8Array(33),
    Array.from({ length: 32 }, () => 0),
  ];
  const notSizes = [null, undefined, 13, "13", 0n, -1n, -13n, MAX_TREE_SIZE + 1n, 2n ** 64n + 13n, 2n ** 1_000n];
  const notProofs = [null, undefined, 5, "proof", {}, { length: 4 }, ...notHashes.map((hash) => [hash])];
  const cases = [
    ...notHashes.flatMap((hash) => [
      { ...inclusion, leafHash: hash },
      { ...inclusion, root: hash },
      ...inclusion.proof.map((_, at) => ({ ...inclusion, proof: inclusion.proof.with(at, hash as never) })),
      { ...consistency, fromRoot: hash },
      { ...consistency, toRoot: hash },
      ...consistency.proof.map((_, at) => ({ ...consistency, proof: consistency.proof.with(at, hash as never) })),
    ]),
    ...notSizes.flatMap((size) => [
      { ...inclusion, size },
      { ...consistency, from: size },
      { ...consistency, to: size },
    ]),
    ...notProofs.flatMap((proof) => [
      { ...inclusion, proof },
      { ...consistency, proof },
    ]),
    ...[null, undefined, 5, "5", -1n, 5n - 16n, 5n - 64n, 13n, 14n, 2n ** 64n + 5n].map((index) => ({
      ...inclusion,
      index,
    })),
    { ...consistency, from: 13n, to: 6n },
    { ...consistency, from: 0n, fromRoot: rootAt(0), proof: [] },
    { ...consistency, from: 0n, fromRoot: rootAt(0), to: 0n, toRoot: rootAt(0), proof: [] },
    { ...consistencyClaim(13, 13), proof: [rootAt(13)] },
    { ...consistencyClaim(13, 13), fromRoot: rootAt(12) },
    { ...consistencyClaim(4, 13), proof: [] },
    { ...consistencyClaim(4, 13), proof: [rootAt(4), ...consistencyClaim(4, 13).proof] },
    { ...inclusion, size: 0n, index: 0n, root: rootAt(0), proof: [] },
    { ...inclusion, proof: Array.from({ length: 1_000_000 }, () => rootAt(1)) },
  ];

  it("are refused without an exception", () => {
    expect(verifyInclusion(inclusion)).toBe(true);
    expect(verifyConsistency(consistency)).toBe(true);
    for (const claim of cases) {
      const verdict = "root" in claim ? verifyInclusion(claim as never) : verifyConsistency(claim as never);
      expect(verdict).toBe(false);
    }
  });
});
