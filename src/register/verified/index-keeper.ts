import { hexOf } from "../../signatures/byte-text.ts";
import type { OnSubtree } from "../merkle/frontier.ts";
import type { RegisterStore, TreeNode } from "../register-store.ts";
import { docketIndexOf } from "./docket-index.ts";
import type { RegisterParts } from "./register-parts.ts";
import type { JudgedDocket } from "./verify-ledger.ts";

/**
 * Takes into the index what a verification meets and the index does not have: dockets that were sealed right before a crash, by
 * another process, or elsewhere.
 */
export class IndexKeeper {
  readonly #store: RegisterStore;
  #indexed: bigint;
  #nodes: TreeNode[] = [];

  private constructor(store: RegisterStore, indexed: bigint) {
    this.#store = store;
    this.#indexed = indexed;
  }

  static async open({ store }: Pick<RegisterParts, "store">): Promise<IndexKeeper> {
    return new IndexKeeper(store, await store.indexedCount());
  }

  /** For whoever learns the subtrees of the log. */
  readonly onSubtree: OnSubtree = (level, index, hash) => {
    if ((index + 1n) << BigInt(level) > this.#indexed) this.#nodes.push({ level, index, hash: hexOf(hash) });
  };

  /** In their order. Dockets with a problem wait until they are repaired. */
  async keep(judged: readonly JudgedDocket[]): Promise<void> {
    for (const { height, bytes, problem } of judged) {
      if (height < this.#indexed || !bytes || problem) continue;
      await this.#store.index(docketIndexOf(height, bytes, this.#takeNodes()));
    }
  }

  #takeNodes(): readonly TreeNode[] {
    const nodes = this.#nodes;
    this.#nodes = [];
    return nodes;
  }
}
