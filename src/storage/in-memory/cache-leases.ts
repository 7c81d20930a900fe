import type { CacheLease } from "../cache-store.ts";
import { RemovalMarks } from "./removal-marks.ts";

/**
 * Leases are counts: how many removals there had been when the reader missed, and the tags that it named. One is
 * outdated when its key or one of the tags was removed later. Of long ago, a bounded number of removals is known by
 * name.
 */
export class CacheLeases {
  #removals = 0;
  readonly #keys: RemovalMarks;
  readonly #tags: RemovalMarks;

  constructor(marksMax: number) {
    this.#keys = new RemovalMarks(marksMax);
    this.#tags = new RemovalMarks(marksMax);
  }

  issue(tags: readonly string[]): CacheLease {
    const issued = String(this.#removals);
    return (tags.length === 0 ? issued : `${issued} ${JSON.stringify(tags)}`) as CacheLease;
  }

  keysRemoved(keys: readonly string[]): void {
    const sequence = ++this.#removals;
    for (const key of keys) this.#keys.mark(key, sequence);
  }

  /** @param keys of the entries that were removed for it */
  tagRemoved(tag: string, keys: readonly string[]): void {
    this.#tags.mark(tag, ++this.#removals);
    this.keysRemoved(keys);
  }

  allRemoved(): void {
    this.#keys.markAll(++this.#removals);
  }

  isOutdated(lease: CacheLease, key: string): boolean {
    const space = lease.indexOf(" ");
    const issued = Number(space < 0 ? lease : lease.slice(0, space));
    // A lease of another tier, or of before a restart, proves nothing.
    if (!Number.isSafeInteger(issued) || issued > this.#removals) return true;
    if (this.#keys.removedSince(key, issued)) return true;
    if (space < 0) return false;
    const tags = JSON.parse(lease.slice(space + 1)) as string[];
    return tags.some((tag) => this.#tags.removedSince(tag, issued));
  }
}
