import { bytesOfHex } from "../../signatures/byte-text.ts";
import { appendLeaf, type Frontier, type OnSubtree, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";

/** The length and the root of a register's log, from whom they are believed. */
export interface TrustedLog {
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** `unknown` when the trusted log is longer than what is known, `none` without one. */
export type Trust = "proven" | "disproved" | "unknown" | "none";

/** What stands in the tree for a docket with this hash, which is in hexadecimal. */
export function leafOf(docketHash: string): Uint8Array {
  return leafHash(bytesOfHex(docketHash));
}

/** The log of a register while it is read, compared with what it is trusted to have been at some sizes. */
export class LogTree {
  readonly #trusted: ReadonlyMap<bigint, Uint8Array>;
  readonly #newest: TrustedLog | undefined;
  readonly #onSubtree: OnSubtree | undefined;
  #frontier: Frontier;
  #trust: Trust;
  #matched: bigint | undefined;

  /** @param trusted by size, ascending; those that are not longer than the frontier do not count */
  constructor(frontier: Frontier, trusted: readonly TrustedLog[], onSubtree?: OnSubtree) {
    const ahead = trusted.filter(({ size }) => size > frontier.size);
    this.#trusted = new Map(ahead.map(({ size, root }) => [size, root]));
    this.#newest = ahead.at(-1);
    this.#frontier = frontier;
    this.#trust = this.#newest ? "unknown" : "none";
    this.#onSubtree = onSubtree;
  }

  get frontier(): Frontier {
    return this.#frontier;
  }

  get size(): bigint {
    return this.#frontier.size;
  }

  get root(): Uint8Array {
    return rootOf(this.#frontier);
  }

  /** What the longest trusted log says. */
  get trust(): Trust {
    return this.#trust;
  }

  /** Whether the longest trusted log is longer than this height. */
  covers(height: bigint): boolean {
    return this.#newest !== undefined && height < this.#newest.size;
  }

  /** The size of the longest trusted log that this one began with. */
  get matched(): bigint | undefined {
    return this.#matched;
  }

  /** @param leaf as `leafOf` gives it */
  append(leaf: Uint8Array): void {
    this.#frontier = appendLeaf(this.#frontier, leaf, this.#onSubtree);
    const root = this.#trusted.get(this.size);
    if (!root) return;
    const isSame = sameHash(this.root, root);
    if (isSame) this.#matched = this.size;
    if (this.size === this.#newest?.size) this.#trust = isSame ? "proven" : "disproved";
  }

  /** Whether the log would be the longest trusted one with this docket. */
  isTrustedWith(leaf: Uint8Array): boolean {
    const next = appendLeaf(this.#frontier, leaf);
    return next.size === this.#newest?.size && sameHash(rootOf(next), this.#newest.root);
  }
}
