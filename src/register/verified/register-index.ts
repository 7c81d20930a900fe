import type { TreeNode } from "../register-store.ts";
import { docketIndexOf } from "./docket-index.ts";
import { leadsToHead } from "./log-nodes.ts";
import { collecting, nodesByHeight } from "./tree-nodes.ts";
import type { VerifiedRegister } from "./verified-register.ts";

/**
 * Takes into the index what is verified and not in it, because it was restored from an older backup while the register was
 * open: else events would be sealed twice. To be called in the register's turn. Of a damaged docket nothing is taken in.
 */
export async function indexMissing(register: VerifiedRegister): Promise<void> {
  const { parts, set } = register;
  const { size } = set.sound.frontier;
  const indexed = await parts.store.indexedCount();
  if (indexed >= size) return;
  const nodes = await nodesBeyond(register, indexed);
  const { verificationBatchSize: batchSize } = parts.settings;
  for await (const rows of parts.ledger.scan({ from: indexed, to: size - 1n, batchSize })) {
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
