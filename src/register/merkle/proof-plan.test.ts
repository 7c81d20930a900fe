import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frontierAt, rootOf } from "./frontier.ts";
import { planConsistency, planInclusion, proofOf } from "./proof-plan.ts";
import { type SubtreeHashes, subtreeHashesOf } from "./subtree.ts";
import { leafHash, MAX_TREE_SIZE, nodeHash } from "./tree-hash.ts";
import { verifyConsistency } from "./verify-consistency.ts";
import { verifyInclusion } from "./verify-inclusion.ts";

const SEED = 20_261_123;
const hashes = subtreeHashesOf(Array.from({ length: 65 }, (_, at) => leafHash(Uint8Array.of(at))));

describe("a plan", () => {
  it("asks for each of its subtrees once, and for none that the tree does not have", () => {
    for (const plan of [planInclusion(37n, 65n), planInclusion(64n, 65n), planConsistency(38n, 61n)]) {
      const asked: string[] = [];
      proofOf(plan, (level, index) => {
        asked.push(`${level}/${index}`);
        return hashes(level, index);
      });
      expect(asked).toEqual(plan.flat().map(({ level, index }) => `${level}/${index}`));
      expect(new Set(asked).size).toBe(asked.length);
    }
  });

  it.each([
    ["lacks a subtree", () => undefined],
    ["has one that is no hash", () => new Uint8Array(20)],
  ])("cannot be carried out when the source %s", (_, source) => {
    const refused = expect.objectContaining({ code: "integrity_violation" });
    expect(() => proofOf(planInclusion(3n, 7n), source)).toThrow(refused);
  });

  it("is refused for trees and leaves that cannot be", () => {
    const refused = expect.objectContaining({ code: "invalid_value" });
    for (const [index, size] of [
      [0n, 0n],
      [5n, 5n],
      [-1n, 5n],
      [0n, MAX_TREE_SIZE + 1n],
    ] as const) {
      expect(() => planInclusion(index, size)).toThrow(refused);
    }
    for (const [from, to] of [
      [0n, 0n],
      [0n, 5n],
      [6n, 5n],
      [-1n, 5n],
      [1n, MAX_TREE_SIZE + 1n],
    ] as const) {
      expect(() => planConsistency(from, to)).toThrow(refused);
    }
  });
});

describe("huge trees", () => {
  const common = [leafHash(new Uint8Array(0))];
  while (common.length < 64) common.push(nodeHash(common.at(-1) as Uint8Array, common.at(-1) as Uint8Array));

  /** A tree of any size whose leaves are alike, but for one. */
  function treeWith(marked: bigint): SubtreeHashes {
    const path = [leafHash(Uint8Array.of(1))];
    for (let level = 0; level < 63; level += 1) {
      const [own, other] = [path[level] as Uint8Array, common[level] as Uint8Array];
      path.push((marked >> BigInt(level)) & 1n ? nodeHash(other, own) : nodeHash(own, other));
    }
    return (level, index) => (marked >> BigInt(level) === index ? path : common)[level];
  }

  it("prove what is in them, at sizes up to the largest", () => {
    const size = fc.oneof(
      fc.bigInt({ min: 2n, max: MAX_TREE_SIZE }),
      fc.constant(MAX_TREE_SIZE),
      fc.constant(2n ** 62n),
    );
    const share = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constant(2n ** 64n - 1n), fc.constant(0n));
    fc.assert(
      fc.property(size, share, share, (to, markedShare, fromShare) => {
        const marked = (to * markedShare) >> 64n;
        const source = treeWith(marked);
        const root = rootOf(frontierAt(to, source));
        const proof = proofOf(planInclusion(marked, to), source);
        const claim = { leafHash: leafHash(Uint8Array.of(1)), index: marked, size: to, root, proof };
        const indexFlips = common.map((_, bit) => marked ^ (1n << BigInt(bit)));
        expect(proof.length).toBeLessThanOrEqual(63);
        expect(verifyInclusion(claim)).toBe(true);
        expect(indexFlips.filter((index) => verifyInclusion({ ...claim, index }))).toEqual([]);

        const from = 1n + (((to - 1n) * fromShare) >> 64n);
        const plan = planConsistency(from, to);
        expect(plan.length).toBeLessThanOrEqual(64);
        expect(plan.flat().length).toBeLessThanOrEqual(126);
        const fromRoot = rootOf(frontierAt(from, source));
        const consistency = { from, fromRoot, to, toRoot: root, proof: proofOf(plan, source) };
        expect(verifyConsistency(consistency)).toBe(true);
        expect(verifyConsistency({ ...consistency, fromRoot: fromRoot.with(9, (fromRoot[9] as number) ^ 32) })).toBe(
          false,
        );
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
