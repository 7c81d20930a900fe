import type { TreeNode } from "../register-store.ts";
import type { CorruptedHeights } from "../verification/corruption.ts";
import { docketIndexOf } from "./docket-index.ts";
import { leadsToHead } from "./log-nodes.ts";
import { collecting, nodesByHeight } from "./tree-nodes.ts";
import type { VerifiedRegister } from "./verified-register.ts";

/** Makes sure that what is verified of a register is in its index. */
export class IndexGuard {
  readonly #register: VerifiedRegister;
  /** Where the index ended although everything was in it that can be: a damaged docket is not. */
  #known: { readonly count: bigint; readonly ranges: readonly CorruptedHeights[] } | undefined;

  constructor(register: VerifiedRegister) {
    this.#register = register;
  }

  /**
   * Takes into the index what is verified and not in it, because it was restored from an older backup while the register was
   * open: else events would be sealed twice. To be called in the register's turn.
   */
  async takeMissing(): Promise<void> {
    const { parts, set } = this.#register;
    const count = await parts.store.indexedCount();
    if (count >= set.sound.frontier.size) return;
    if (this.#known?.count === count && this.#known.ranges === set.ranges) return;
    await indexFrom(this.#register, count);
    this.#known = { count: await parts.store.indexedCount(), ranges: set.ranges };
  }
}

async function indexFrom(register: VerifiedRegister, from: bigint): Promise<void> {
  const { parts, set } = register;
  const nodes = await nodesBeyond(register, from);
  const { verificationBatchSize: batchSize } = parts.settings;
  for await (const rows of parts.ledger.scan({ from, to: set.sound.frontier.size - 1n, batchSize })) {
    for (const { height, bytes } of rows) {
      if (set.absenceOf(height) !== undefined) continue;
      await parts.store.index(docketIndexOf(height, bytes, nodes.get(height) ?? []));
    }
  }
}

/** By the docket that completes them. None where what is stored does not tell: they are made when somebody needs them. */
async function nodesBeyond(
  register: VerifiedRegister,
  size: bigint,
): Promise<ReadonlyMap<bigint, readonly TreeNode[]>> {
  const start = await register.hints.frontier(size);
  const nodes: TreeNode[] = [];
  const isLog = start && (await leadsToHead(register, { start, source: "own", onSubtree: collecting(nodes) }));
  return nodesByHeight(isLog ? nodes : []);
}
