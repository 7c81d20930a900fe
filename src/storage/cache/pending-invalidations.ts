import type { Invalidation } from "./invalidation-channel.ts";

/** So many names are one order to forget everything. */
const NAMES_MAX = 10_000;
/** Quotation marks, a comma, and whatever stands around the list. */
const NAME_OVERHEAD = 3;
const LIST_OVERHEAD = 64;

/** What is to be published, gathered until it is sent. */
export class PendingInvalidations {
  #isAll = false;
  readonly #names = { keys: new Set<string>(), tags: new Set<string>() };

  get isEmpty(): boolean {
    return !this.#isAll && this.#names.keys.size === 0 && this.#names.tags.size === 0;
  }

  add(invalidation: Invalidation): void {
    if (this.#isAll) return;
    if (invalidation.what === "all") return this.#addAll();
    const names = this.#names[invalidation.what];
    for (const name of invalidation.names) names.add(name);
    if (names.size > NAMES_MAX) this.#addAll();
  }

  /** Takes everything out, in messages of at most so many bytes each. */
  take(bytesMax: number): Invalidation[] {
    const taken: Invalidation[] = this.#isAll
      ? [{ what: "all" }]
      : [...batches("keys", this.#names.keys, bytesMax), ...batches("tags", this.#names.tags, bytesMax)];
    this.#isAll = false;
    this.#clear();
    return taken;
  }

  #addAll(): void {
    this.#isAll = true;
    this.#clear();
  }

  #clear(): void {
    this.#names.keys.clear();
    this.#names.tags.clear();
  }
}

function batches(what: "keys" | "tags", names: Iterable<string>, bytesMax: number): Invalidation[] {
  const all: string[][] = [];
  let room = 0;
  for (const name of names) {
    const bytes = Buffer.byteLength(JSON.stringify(name)) + NAME_OVERHEAD;
    if (bytes > room) {
      all.push([]);
      room = bytesMax - LIST_OVERHEAD;
    }
    all.at(-1)?.push(name);
    room -= bytes;
  }
  return all.map((batch) => ({ what, names: batch }));
}
