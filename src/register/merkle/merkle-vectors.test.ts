import { describe, expect, it } from "vitest";
import { computeMerkleVectors, hexOf, readMerkleVectors } from "../../../test/vectors/merkle-vectors.ts";
import { appendLeaf, EMPTY_FRONTIER, encodeFrontier, type Frontier, rootOf } from "./frontier.ts";
import { planConsistency, planInclusion, proofOf } from "./proof-plan.ts";
import { subtreeHashesOf } from "./subtree.ts";
import { emptyRoot, leafHash } from "./tree-hash.ts";
import { verifyConsistency } from "./verify-consistency.ts";
import { verifyInclusion } from "./verify-inclusion.ts";

const vectors = readMerkleVectors();
const leafHashes = vectors.leaves.map((leaf) => leafHash(Buffer.from(leaf, "hex")));
const hashes = subtreeHashesOf(leafHashes);

/** The roots of the reference tests of Certificate Transparency, by size. */
const PUBLISHED_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const NODE_01 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const NODE_23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const NODE_47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const NODE_03 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const NODE_67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const LEAF_0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const NODE_45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function rootAt(size: number): Uint8Array {
  return bytesOf(PUBLISHED_ROOTS[size] ?? "");
}

function frontierOf(size: number): Frontier {
  return leafHashes.slice(0, size).reduce((frontier, hash) => appendLeaf(frontier, hash), EMPTY_FRONTIER);
}

describe("the vectors", () => {
  it("are what the recursive definitions give", () => {
    expect(vectors).toEqual(computeMerkleVectors());
  });

  it("have the published roots", () => {
    expect(vectors.trees.map(({ root }) => root)).toEqual(PUBLISHED_ROOTS);
  });

  it.each([
    [0, 1, []],
    [0, 8, [LEAF_1, NODE_23, NODE_47]],
    [5, 8, [LEAF_4, NODE_67, NODE_03]],
    [2, 3, [NODE_01]],
    [1, 5, [LEAF_0, NODE_23, LEAF_4]],
  ])("have the published proof of inclusion of leaf %i in %i", (index, size, proof) => {
    expect(vectors.inclusion.find((vector) => vector.index === index && vector.size === size)?.proof).toEqual(proof);
  });

  it.each([
    [1, 1, []],
    [1, 8, [LEAF_1, NODE_23, NODE_47]],
    [6, 8, [NODE_45, NODE_67, NODE_03]],
    [2, 5, [NODE_23, LEAF_4]],
  ])("have the published proof of consistency of %i with %i", (from, to, proof) => {
    expect(vectors.consistency.find((vector) => vector.from === from && vector.to === to)?.proof).toEqual(proof);
  });

  it("cover every pair of sizes and every leaf", () => {
    expect(vectors.trees).toHaveLength(9);
    expect(vectors.inclusion).toHaveLength(36);
    expect(vectors.consistency).toHaveLength(36);
  });
});

describe("the trees", () => {
  it("hash leaves as the vectors do", () => {
    expect(leafHashes.map(hexOf)).toEqual(vectors.leafHashes);
    expect(hexOf(emptyRoot())).toBe(PUBLISHED_ROOTS[0]);
  });

  it.each(vectors.trees)("have the root and the frontier of size $size", ({ size, root, frontier }) => {
    expect(hexOf(rootOf(frontierOf(size)))).toBe(root);
    expect(hexOf(encodeFrontier(frontierOf(size)))).toBe(frontier);
  });

  it.each(vectors.inclusion)("prove and verify inclusion of leaf $index in $size", ({ index, size, proof }) => {
    expect(proofOf(planInclusion(BigInt(index), BigInt(size)), hashes).map(hexOf)).toEqual(proof);
    const claim = { leafHash: leafHashes[index] ?? emptyRoot(), index: BigInt(index), size: BigInt(size) };
    expect(verifyInclusion({ ...claim, root: rootAt(size), proof: proof.map(bytesOf) })).toBe(true);
  });

  it.each(vectors.consistency)("prove and verify consistency of $from with $to", ({ from, to, proof }) => {
    expect(proofOf(planConsistency(BigInt(from), BigInt(to)), hashes).map(hexOf)).toEqual(proof);
    const claim = { from: BigInt(from), fromRoot: rootAt(from), to: BigInt(to), toRoot: rootAt(to) };
    expect(verifyConsistency({ ...claim, proof: proof.map(bytesOf) })).toBe(true);
  });
});
