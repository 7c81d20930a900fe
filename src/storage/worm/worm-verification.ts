import {
  WORM_VIOLATIONS_MAX,
  type WormDescriptor,
  type WormIntegrity,
  type WormViolation,
  type WormViolationType,
} from "../worm-store.ts";
import { isSameIndexed } from "./worm-document.ts";
import type { WormHasher } from "./worm-hash.ts";
import type { WormRow } from "./worm-rows.ts";

export interface VerificationOptions {
  readonly descriptor: WormDescriptor<unknown>;
  readonly hasher: WormHasher;
  /** The first place that has to hold a record. */
  readonly from: bigint;
  /** The record before it, unless there is no such place. */
  readonly before: WormRow | undefined;
}

const DETAILS: Readonly<Record<WormViolationType, string>> = {
  missing_record: "The place is empty although later ones are not.",
  hash_mismatch: "The hash is not that of the record.",
  chain_broken: "The record does not name the hash of the record before it.",
  undecodable: "The bytes cannot be read as a record.",
  index_mismatch: "What is kept for queries is not what the bytes say.",
};

/** Judges the rows of one range as they come, in order. Keeps nothing of them but the hash of the last. */
export class WormVerification {
  readonly #descriptor: WormDescriptor<unknown>;
  readonly #hasher: WormHasher;
  readonly #violations: WormViolation[] = [];
  #next: bigint;
  #checked = 0n;
  #corrupted = 0n;
  /** Of the record before the next one: `null` before the first, `undefined` when it is missing. */
  #previousHash: string | null | undefined;

  constructor({ descriptor, hasher, from, before }: VerificationOptions) {
    this.#descriptor = descriptor;
    this.#hasher = hasher;
    this.#next = from;
    this.#previousHash = from === 0n ? null : before?.hash;
    if (from > 0n && !before) this.#addMissing(from - 1n, from - 1n);
  }

  check(row: WormRow): void {
    this.#skipTo(row.sequence);
    const types = this.#problemsOf(row);
    for (const type of types) this.#add(row.sequence, type);
    if (types.length > 0) this.#corrupted++;
    this.#checked++;
    this.#next = row.sequence + 1n;
    this.#previousHash = row.hash;
  }

  /** @param to the last place that has to hold a record */
  finish(to: bigint): WormIntegrity {
    this.#skipTo(to + 1n);
    return {
      isValid: this.#corrupted === 0n,
      checked: this.#checked,
      corrupted: this.#corrupted,
      violations: this.#violations,
    };
  }

  #skipTo(sequence: bigint): void {
    if (this.#next >= sequence) return;
    this.#addMissing(this.#next, sequence - 1n);
    this.#next = sequence;
    this.#previousHash = undefined;
  }

  #problemsOf(row: WormRow): readonly WormViolationType[] {
    const content = this.#contentProblemOf(row);
    return [
      ...(this.#hasItsHash(row) ? [] : (["hash_mismatch"] as const)),
      ...(this.#isLinked(row) ? [] : (["chain_broken"] as const)),
      ...(content ? [content] : []),
    ];
  }

  #hasItsHash(row: WormRow): boolean {
    const { sealedAt } = row;
    return sealedAt !== null && this.#hasher.hash({ ...row, sealedAt }) === row.hash;
  }

  #isLinked({ sequence, previousHash }: WormRow): boolean {
    // After a gap there is nothing to compare with, but only the first record names none.
    if (this.#previousHash === undefined) return sequence === 0n || previousHash !== null;
    return previousHash === this.#previousHash;
  }

  #contentProblemOf({ bytes, indexed }: WormRow): WormViolationType | undefined {
    try {
      const said = this.#descriptor.indexed(this.#descriptor.decode(bytes));
      return isSameIndexed(indexed, said) ? undefined : "index_mismatch";
    } catch {
      return "undecodable";
    }
  }

  /** The number of places is not bounded, that of violations is. */
  #addMissing(first: bigint, last: bigint): void {
    this.#corrupted += last - first + 1n;
    for (let place = first; place <= last && this.#violations.length < WORM_VIOLATIONS_MAX; place++) {
      this.#add(place, "missing_record");
    }
  }

  #add(sequence: bigint, type: WormViolationType): void {
    if (this.#violations.length < WORM_VIOLATIONS_MAX) {
      this.#violations.push({ sequence, type, details: DETAILS[type] });
    }
  }
}
