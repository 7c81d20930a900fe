import { hexOf } from "../../signatures/byte-text.ts";
import type { OnSubtree } from "../merkle/frontier.ts";
import type { TreeNode } from "../register-store.ts";

/** Puts the subtrees that a log completes into a list, as they are stored. */
export function collecting(nodes: TreeNode[]): OnSubtree {
  return (level, index, hash) => nodes.push({ level, index, hash: hexOf(hash) });
}

/** By the docket that completes them. */
export function nodesByHeight(nodes: readonly TreeNode[]): ReadonlyMap<bigint, readonly TreeNode[]> {
  return Map.groupBy(nodes, ({ level, index }) => ((index + 1n) << BigInt(level)) - 1n);
}
