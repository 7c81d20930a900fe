import { isHash } from "./tree-hash.ts";

/** A node by its place in its level, and the place of the last node of that level. */
export interface NodePlace {
  readonly index: bigint;
  readonly last: bigint;
}

/** Is told each sibling on the way to the root, and whether it is to the left. */
export type OnSibling = (sibling: Uint8Array, isLeft: boolean) => void;

/**
 * Goes from a node to the root of its tree as the loops of RFC 9162, 2.1.3.2 and 2.1.4.2 do, taking the siblings in the
 * order of a proof. Returns whether they were well-formed and exactly as many as the way has; stops at the first that
 * is not, so it does 63 steps at most.
 */
export function climb({ index, last }: NodePlace, siblings: readonly unknown[], onSibling: OnSibling): boolean {
  let node = index;
  let end = last;
  for (const sibling of siblings) {
    if (end === 0n || !isHash(sibling)) return false;
    const isLeft = (node & 1n) === 1n || node === end;
    onSibling(sibling, isLeft);
    // The last node of a level without a sibling is passed on to the next as it is.
    while (isLeft && (node & 1n) === 0n && node !== 0n) {
      node >>= 1n;
      end >>= 1n;
    }
    node >>= 1n;
    end >>= 1n;
  }
  return end === 0n;
}
