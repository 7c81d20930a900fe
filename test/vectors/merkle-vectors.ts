import { readFileSync } from "node:fs";
import { naiveConsistency, naiveInclusion, naiveLeafHash, naivePeaks, naiveRoot } from "./naive-merkle-tree.ts";

/** The content of merkle.json. Bytes are lower-case hexadecimal. */
export interface MerkleVectors {
  readonly leaves: readonly string[];
  readonly leafHashes: readonly string[];
  /** The tree over the first `size` leaves; `frontier` is its size in 8 bytes, then its complete subtrees. */
  readonly trees: readonly { readonly size: number; readonly root: string; readonly frontier: string }[];
  readonly inclusion: readonly { readonly index: number; readonly size: number; readonly proof: readonly string[] }[];
  readonly consistency: readonly { readonly from: number; readonly to: number; readonly proof: readonly string[] }[];
}

/** The leaves of the reference tests of Certificate Transparency. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

export function readMerkleVectors(): MerkleVectors {
  return JSON.parse(readFileSync(new URL("merkle.json", import.meta.url), "utf8")) as MerkleVectors;
}

/** What merkle.json must hold, by the recursive definitions. */
export function computeMerkleVectors(): MerkleVectors {
  const leaves = LEAVES.map((leaf) => Buffer.from(leaf, "hex"));
  const sizes = leaves.map((_, at) => at + 1);
  return {
    leaves: LEAVES,
    leafHashes: leaves.map((leaf) => hexOf(naiveLeafHash(leaf))),
    trees: [0, ...sizes].map((size) => {
      const peaks = naivePeaks(leaves.slice(0, size)).map(hexOf);
      const root = hexOf(naiveRoot(leaves.slice(0, size)));
      return { size, root, frontier: size.toString(16).padStart(16, "0") + peaks.join("") };
    }),
    inclusion: sizes.flatMap((size) =>
      leaves.slice(0, size).map((_, index) => {
        return { index, size, proof: naiveInclusion(index, leaves.slice(0, size)).map(hexOf) };
      }),
    ),
    consistency: sizes.flatMap((to) =>
      sizes.slice(0, to).map((from) => {
        return { from, to, proof: naiveConsistency(from, leaves.slice(0, to)).map(hexOf) };
      }),
    ),
  };
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
