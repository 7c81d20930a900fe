import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexOf } from "../../../test/vectors/merkle-vectors.ts";
import { naivePeaks, naiveRoot } from "../../../test/vectors/naive-merkle-tree.ts";
import { sha256 } from "../../signatures/sha256.ts";
import {
  appendLeaf,
  decodeFrontier,
  EMPTY_FRONTIER,
  encodeFrontier,
  type Frontier,
  frontierAt,
  rootOf,
} from "./frontier.ts";
import { subtreeHashesOf } from "./subtree.ts";
import { leafHash, MAX_TREE_SIZE, nodeHash } from "./tree-hash.ts";

const SEED = 20_261_121;
const COUNT = 200;
const leaves = Array.from({ length: COUNT }, (_, at) => Buffer.from(`leaf ${at}`));
const leafHashes = leaves.map(leafHash);
const hashes = subtreeHashesOf(leafHashes);

function frontierOf(size: number): Frontier {
  return leafHashes.slice(0, size).reduce((frontier, hash) => appendLeaf(frontier, hash), EMPTY_FRONTIER);
}

/** The largest tree, all its leaves alike, so that its frontier can be written down. */
function fullTree(): Frontier {
  const peaks = [leafHash(new Uint8Array(0))];
  while (peaks.length < 63) peaks.unshift(nodeHash(peaks[0] as Uint8Array, peaks[0] as Uint8Array));
  return { size: MAX_TREE_SIZE, peaks };
}

describe("a frontier", () => {
  it("has the peaks and the root of the recursive definition at every size", () => {
    let frontier = EMPTY_FRONTIER;
    for (let size = 0; size < COUNT; size += 1) {
      expect(frontier.size).toBe(BigInt(size));
      expect(frontier.peaks.map(hexOf)).toEqual(naivePeaks(leaves.slice(0, size)).map(hexOf));
      expect(hexOf(rootOf(frontier))).toBe(hexOf(naiveRoot(leaves.slice(0, size))));
      frontier = appendLeaf(frontier, leafHashes[size] as Uint8Array);
    }
  });

  it("is left as it is by an append", () => {
    const before = frontierOf(7);
    const root = hexOf(rootOf(before));
    const grown = [appendLeaf(before, leafHashes[7] as Uint8Array), appendLeaf(before, leafHashes[8] as Uint8Array)];
    expect(hexOf(rootOf(before))).toBe(root);
    expect(before.peaks).toHaveLength(3);
    expect(new Set(grown.map((frontier) => hexOf(rootOf(frontier)))).size).toBe(2);
  });

  it("tells of every complete subtree once, from the leaf upwards", () => {
    const told: [number, bigint, string][] = [];
    leafHashes.reduce(
      (frontier, hash) =>
        appendLeaf(frontier, hash, (...subtree) => told.push([subtree[0], subtree[1], hexOf(subtree[2])])),
      EMPTY_FRONTIER,
    );
    expect(told.slice(0, 7).map(([level, index]) => `${level}/${index}`)).toEqual(
      "0/0 0/1 1/0 0/2 0/3 1/1 2/0".split(" "),
    );
    const complete = [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, level) => sum + Math.floor(COUNT / 2 ** level), 0);
    expect(told).toHaveLength(complete);
    expect(new Set(told.map(([level, index]) => `${level}/${index}`)).size).toBe(complete);
    for (const [level, index, hash] of told) {
      const start = Number(index) * 2 ** level;
      expect(hash).toBe(hexOf(naiveRoot(leaves.slice(start, start + 2 ** level))));
    }
  });

  it("is found again at any size from the subtrees of a larger tree", () => {
    for (let size = 0; size <= COUNT; size += 1) expect(frontierAt(BigInt(size), hashes)).toEqual(frontierOf(size));
  });

  it("cannot be found without its subtrees, nor at a size that no tree has", () => {
    const refused = (code: string) => expect.objectContaining({ code });
    expect(() => frontierAt(BigInt(COUNT + 1), hashes)).toThrow(refused("integrity_violation"));
    expect(() => frontierAt(3n, () => new Uint8Array(31))).toThrow(refused("integrity_violation"));
    expect(() => frontierAt(-1n, hashes)).toThrow(refused("invalid_value"));
    expect(() => frontierAt(MAX_TREE_SIZE + 1n, hashes)).toThrow(refused("invalid_value"));
  });

  it.each([0, 31, 33])("refuses a leaf hash of %i bytes", (length) => {
    expect(() => appendLeaf(EMPTY_FRONTIER, new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
  });

  it("grows up to the largest size and no further", () => {
    const full = fullTree();
    const last = { size: MAX_TREE_SIZE - 1n, peaks: full.peaks.slice(0, -1) };
    expect(appendLeaf(last, full.peaks[62] as Uint8Array)).toEqual(full);
    expect(() => appendLeaf(full, leafHashes[0] as Uint8Array)).toThrow(
      expect.objectContaining({ code: "invalid_value" }),
    );
  });
});

describe("the bytes of a frontier", () => {
  it("are read back as the same frontier, which then grows as the first one does", () => {
    for (let size = 0; size < COUNT; size += 1) {
      const frontier = frontierOf(size);
      const read = decodeFrontier(encodeFrontier(frontier));
      expect(read).toEqual(frontier);
      const next = leafHashes[size] as Uint8Array;
      expect(appendLeaf(read ?? EMPTY_FRONTIER, next)).toEqual(appendLeaf(frontier, next));
    }
    expect(decodeFrontier(encodeFrontier(fullTree()))).toEqual(fullTree());
  });

  it("are read from within a larger buffer and not kept", () => {
    const encoded = encodeFrontier(frontierOf(11));
    const buffer = new Uint8Array(encoded.length + 20);
    buffer.set(encoded, 13);
    const read = decodeFrontier(buffer.subarray(13, 13 + encoded.length));
    buffer.fill(0);
    expect(read).toEqual(frontierOf(11));
  });

  it("are refused at any other length", () => {
    const encoded = encodeFrontier(frontierOf(11));
    const longer = Uint8Array.from([...encoded, ...new Uint8Array(64)]);
    for (let length = 0; length < longer.length; length += 1) {
      const read = decodeFrontier(longer.subarray(0, length));
      expect(read === undefined).toBe(length !== encoded.length);
    }
  });

  it("are refused with a size that is too large, whatever follows", () => {
    const bytes = new Uint8Array(8 + 32);
    bytes[0] = 0x80;
    expect(decodeFrontier(bytes)).toBeUndefined();
  });

  it("have one form: whatever can be read is written the same", () => {
    const encoded = fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(66)).map(([size, count]) => {
      const bytes = new Uint8Array(8 + 32 * count);
      new DataView(bytes.buffer).setBigUint64(0, size);
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(encoded, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        const read = decodeFrontier(bytes);
        if (read) expect(encodeFrontier(read)).toEqual(bytes);
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it("have another root after any single-bit flip", () => {
    const encoded = encodeFrontier(frontierOf(13));
    const root = hexOf(rootOf(frontierOf(13)));
    for (let bit = 0; bit < encoded.length * 8; bit += 1) {
      const flipped = Uint8Array.from(encoded);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = decodeFrontier(flipped);
      // A size with as many bits has as many peaks, so the root does not tell it: it must come with the root.
      if (bit >= 64) expect(hexOf(rootOf(read ?? EMPTY_FRONTIER))).not.toBe(root);
      else expect(read).toBeUndefined();
    }
  });
});

describe("sha256", () => {
  it("does not depend on where the parts are cut, at any length", () => {
    for (const length of [0, 1, 64, 65, 4_095, 4_096, 4_097, 10_000]) {
      const bytes = Uint8Array.from({ length }, (_, at) => at & 255);
      const whole = hexOf(sha256(bytes));
      for (const cut of [0, 1, length >> 1, length]) {
        expect(hexOf(sha256(bytes.subarray(0, cut), bytes.subarray(cut)))).toBe(whole);
      }
    }
    expect(hexOf(sha256(Buffer.from("abc")))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(hexOf(sha256(new Uint8Array(1_000_000).fill(0x61)))).toBe(
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    );
  });

  it("gives bytes that a later call leaves alone", () => {
    const first = sha256(Uint8Array.of(1));
    const kept = hexOf(first);
    sha256(Uint8Array.of(2));
    expect(hexOf(first)).toBe(kept);
    expect(first.buffer.byteLength).toBe(32);
  });
});
