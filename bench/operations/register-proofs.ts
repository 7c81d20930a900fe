import { invariant } from "../../src/errors.ts";
import { appendLeaf, EMPTY_FRONTIER, rootOf } from "../../src/register/merkle/frontier.ts";
import { planInclusion, proofOf } from "../../src/register/merkle/proof-plan.ts";
import { subtreeHashesOf } from "../../src/register/merkle/subtree.ts";
import { leafHash } from "../../src/register/merkle/tree-hash.ts";
import { verifyInclusion } from "../../src/register/merkle/verify-inclusion.ts";
import { utf8 } from "../../src/signatures/byte-text.ts";
import { type QuickContestant, quickRace } from "../quick-race.ts";
import { atMost, type Effort, plainLines, type Section } from "../section.ts";

const TREES = [
  { what: "transaction in its docket", size: 100 },
  { what: "docket in the log", size: 10_000 },
] as const;
const CALLS = 500;
/** A step over the leaves that meets all of them. */
const STRIDE = 7_919;
const HASH_BYTES = 32;
const LIMIT_MS = 1;

/** Proves that a transaction is in a docket of a hundred, and a docket in a log of ten thousand. */
export async function registerProofs({ laps }: Effort): Promise<Section[]> {
  const trees = TREES.map(treeOf);
  const contestants = trees.flatMap(({ contestants: both }) => both);
  const figures = await quickRace(contestants, { laps, callsPerLap: CALLS });
  return [
    {
      operation: "inclusion proofs",
      engine: "process",
      inFlight: 1,
      lines: plainLines(figures, ({ p99Ms }) => [atMost("p99 ms", p99Ms, LIMIT_MS)]),
      notes: trees.map(({ what, size, bytes }) => `${what}: ${bytes} bytes of hashes at most, of ${size}.`),
    },
  ];
}

function treeOf({ what, size }: (typeof TREES)[number]) {
  const leaves = Array.from({ length: size }, (_, at) => leafHash(utf8(`leaf ${at}`)));
  const hashes = subtreeHashesOf(leaves);
  const prove = (index: number) => proofOf(planInclusion(BigInt(index), BigInt(size)), hashes);
  const proofs = leaves.map((_, index) => prove(index));
  const root = rootOf(leaves.reduce((frontier, leaf) => appendLeaf(frontier, leaf), EMPTY_FRONTIER));
  const at = (call: number) => (call * STRIDE) % size;
  const contestants: QuickContestant[] = [
    { name: `prove: ${what}`, call: (call) => prove(at(call)) },
    {
      name: `verify: ${what}`,
      call: (call) => {
        const index = at(call);
        const [leaf, proof] = [leaves[index], proofs[index]];
        const isProven =
          leaf && proof && verifyInclusion({ leafHash: leaf, index: BigInt(index), size: BigInt(size), root, proof });
        invariant(isProven, "the leaf is in the tree");
      },
    },
  ];
  return { what, size, contestants, bytes: Math.max(...proofs.map(({ length }) => length)) * HASH_BYTES };
}
