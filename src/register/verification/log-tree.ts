import { bytesOfHex } from "../../signatures/byte-text.ts";
import { appendLeaf, type Frontier, type OnSubtree, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";
import { verifyInclusion } from "../merkle/verify-inclusion.ts";

/** The length and the root of a register's log, from whom they are believed. */
export interface TrustedLog {
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** `proven` by the longest trusted log, `disproved` by one that none is proven beyond, `unknown` while neither is. */
export type Trust = "proven" | "disproved" | "unknown" | "none";

/** What stands in the tree for a docket with this hash, which is in hexadecimal. */
export function leafOf(docketHash: string): Uint8Array {
  return leafHash(bytesOfHex(docketHash));
}

/** The log that a frontier is of, from whom that one is believed. */
export function logOf(frontier: Frontier): TrustedLog {
  return { size: frontier.size, root: rootOf(frontier) };
}

/** Whether the proof shows that the log has a docket with this hash, in hexadecimal, at a height. */
export function isInLog(
  { height: index, hash }: { readonly height: bigint; readonly hash: string | undefined },
  proof: readonly Uint8Array[] | undefined,
  { size, root }: TrustedLog,
): boolean {
  if (hash === undefined || !proof) return false;
  return verifyInclusion({ leafHash: leafOf(hash), index, size, root, proof });
}

/** The log of a register while it is read, compared with what it is trusted to have been at some sizes. */
export class LogTree {
  readonly #trusted: ReadonlyMap<bigint, Uint8Array>;
  readonly #longest: bigint | undefined;
  readonly #onSubtree: OnSubtree | undefined;
  #frontier: Frontier;
  #matched: bigint | undefined;
  #isDisproved = false;

  /** @param trusted by size, ascending; those that are not longer than the frontier do not count */
  constructor(frontier: Frontier, trusted: readonly TrustedLog[], onSubtree?: OnSubtree) {
    const ahead = trusted.filter(({ size }) => size > frontier.size);
    this.#trusted = new Map(ahead.map(({ size, root }) => [size, root]));
    this.#longest = ahead.at(-1)?.size;
    this.#frontier = frontier;
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

  /** What the trusted logs say. */
  get trust(): Trust {
    if (this.#longest === undefined) return "none";
    if (this.#matched === this.#longest) return "proven";
    return this.#isDisproved ? "disproved" : "unknown";
  }

  /** The size of the longest trusted log that this one began with. */
  get matched(): bigint | undefined {
    return this.#matched;
  }

  /** @param leaf as `leafOf` gives it */
  append(leaf: Uint8Array): void {
    this.#frontier = appendLeaf(this.#frontier, leaf, this.#onSubtree);
    const isTrusted = this.#isTrusted(this.#frontier);
    if (isTrusted) this.#matched = this.size;
    if (isTrusted !== undefined) this.#isDisproved = !isTrusted;
  }

  /** Whether the log would be a trusted one with this docket; `undefined` when none is trusted of that size. */
  isTrustedWith(leaf: Uint8Array): boolean | undefined {
    return this.#isTrusted(appendLeaf(this.#frontier, leaf));
  }

  #isTrusted(frontier: Frontier): boolean | undefined {
    const root = this.#trusted.get(frontier.size);
    return root && sameHash(rootOf(frontier), root);
  }
}
