import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { nodeSha256 } from "./node-sha256.ts";
import { portableSha256 } from "./portable-sha256.ts";
import { sha256 } from "./sha256.ts";

const LENGTHS = [
  [],
  [0],
  [1],
  [55],
  [56],
  [63],
  [64],
  [65],
  [32, 32],
  [1, 32, 32],
  [4_095, 1],
  [4_096],
  [4_000, 97],
  [70_000],
];

describe.each([
  ["Node's", nodeSha256 ?? sha256],
  ["the portable", portableSha256],
])("%s sha256", (_, hash) => {
  it.each(LENGTHS)("hashes parts of %j bytes", (...lengths) => {
    const parts = lengths.map((length, at) => Uint8Array.from({ length }, (_, n) => (n * 7 + at) & 0xff));
    const digest = hash(...parts);
    expect(Buffer.from(digest)).toEqual(createHash("sha256").update(Buffer.concat(parts)).digest());
    expect(digest.buffer.byteLength).toBe(32);
    hash(Uint8Array.of(1));
    expect(digest).toEqual(hash(...parts));
  });
});

describe("sha256", () => {
  it("is Node's in Node", () => {
    expect(sha256).toBe(nodeSha256);
  });
});
