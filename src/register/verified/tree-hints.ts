import { isVaultError } from "../../errors.ts";
import { bytesOfHex } from "../../signatures/byte-text.ts";
import { type Frontier, frontierAt, rootOf } from "../merkle/frontier.ts";
import { type ProofPlan, planConsistency, planInclusion, proofOf } from "../merkle/proof-plan.ts";
import { type Subtree, type SubtreeHashes, subtreeKey, subtreesBetween } from "../merkle/subtree.ts";
import { type RegisterStore, SUBTREES_MAX } from "../register-store.ts";

/** Of one gap; behind a larger one nothing can be judged until it is filled. */
const LEAVES_MAX = 65_536n;

/**
 * Proofs in the log of a register, from hashes that are looked up. The hashes are not believed: who gets a proof verifies it
 * against a root that he trusts.
 */
export class TreeHints {
  readonly #store: Pick<RegisterStore, "nodes">;

  constructor(store: Pick<RegisterStore, "nodes">) {
    this.#store = store;
  }

  /** Inclusion proofs of dockets in the log of a size, in the order of the heights; `undefined` where hashes are missing. */
  async inclusion(heights: readonly bigint[], size: bigint): Promise<readonly (readonly Uint8Array[] | undefined)[]> {
    const plans = heights.map((height) => planInclusion(height, size));
    const hashes = await this.#hashes(plans.flat(2));
    return plans.map((plan) => proofFrom(plan, hashes));
  }

  /** The proof that the log of one size begins with that of a smaller one. */
  async consistency(from: bigint, to: bigint): Promise<readonly Uint8Array[] | undefined> {
    const plan = planConsistency(from, to);
    return proofFrom(plan, await this.#hashes(plan.flat()));
  }

  /** The root that the log had at a size. Who gets it compares it with a root that he trusts. */
  async root(size: bigint): Promise<Uint8Array | undefined> {
    const frontier = await this.frontier(size);
    return frontier && rootOf(frontier);
  }

  /** What the log had to grow from at a size. */
  async frontier(size: bigint): Promise<Frontier | undefined> {
    const hashes = await this.#hashes(subtreesBetween(0n, size));
    return unlessMissing(() => frontierAt(size, hashes));
  }

  /** What stands in the tree for the dockets from one height to another; those that are not known are left out. */
  async leaves(first: bigint, last: bigint): Promise<ReadonlyMap<bigint, Uint8Array>> {
    const found = new Map<bigint, Uint8Array>();
    const step = BigInt(SUBTREES_MAX);
    for (let from = first; from <= last && from < first + LEAVES_MAX; from += step) {
      const heights = Array.from({ length: SUBTREES_MAX }, (_, at) => from + BigInt(at)).filter((each) => each <= last);
      const hashes = await this.#hashes(heights.map((index) => ({ level: 0, index })));
      for (const height of heights) {
        const hash = hashes(0, height);
        if (hash) found.set(height, hash);
      }
    }
    return found;
  }

  async #hashes(subtrees: readonly Subtree[]): Promise<SubtreeHashes> {
    const wanted = new Map(subtrees.map((subtree) => [subtreeKey(subtree), subtree]));
    const all = [...wanted.values()];
    const parts: (readonly Subtree[])[] = [];
    for (let at = 0; at < all.length; at += SUBTREES_MAX) parts.push(all.slice(at, at + SUBTREES_MAX));
    const found = await Promise.all(parts.map((part) => this.#store.nodes(part)));
    const hashes = new Map(found.flat().map((node) => [subtreeKey(node), node.hash]));
    return (level, index) => {
      const hash = hashes.get(subtreeKey({ level, index }));
      return hash === undefined ? undefined : bytesOfHex(hash);
    };
  }
}

function proofFrom(plan: ProofPlan, hashes: SubtreeHashes): readonly Uint8Array[] | undefined {
  return unlessMissing(() => proofOf(plan, hashes));
}

function unlessMissing<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (isVaultError(error, "integrity_violation")) return undefined;
    throw error;
  }
}
