import type { CacheStore } from "../cache-store.ts";

/** What a removal that did not arrive was to remove. */
export type Removal =
  | { readonly by: "keys"; readonly keys: readonly string[] }
  | { readonly by: "tag"; readonly tag: string }
  | { readonly by: "pattern"; readonly pattern: string }
  | { readonly by: "all" };

/** Above it, one stroke is better than many. */
const REMEMBERED_MAX = 1_000;

/**
 * Removals that a cache owes: until they are made up for, what it holds may be old. A few are remembered one by one, so
 * that a single lost answer does not cost all that is cached; more of them, and those of an outage, come to everything.
 */
export class LostRemovals {
  readonly #keys = new Set<string>();
  readonly #tags = new Set<string>();
  readonly #patterns = new Set<string>();
  #isEverything = false;

  get isEmpty(): boolean {
    return !this.#isEverything && this.#size === 0;
  }

  remember(removal: Removal): void {
    if (this.#isEverything) return;
    switch (removal.by) {
      case "keys":
        for (const key of removal.keys) this.#keys.add(key);
        break;
      case "tag":
        this.#tags.add(removal.tag);
        break;
      case "pattern":
        this.#patterns.add(removal.pattern);
        break;
      case "all":
        this.#isEverything = true;
    }
    if (this.#isEverything || this.#size > REMEMBERED_MAX) this.#setEverything();
  }

  /**
   * What was made up for. Rejects when the cache did not do it: then it owes everything. What is lost meanwhile stays
   * owed.
   */
  async makeUp(cache: CacheStore): Promise<readonly Removal[]> {
    const removals = this.#take();
    try {
      for (const removal of removals) await repeat(removal, cache);
      return removals;
    } catch (error) {
      this.#setEverything();
      throw error;
    }
  }

  get #size(): number {
    return this.#keys.size + this.#tags.size + this.#patterns.size;
  }

  #take(): Removal[] {
    const removals: Removal[] = this.#isEverything ? [{ by: "all" }] : [];
    if (this.#keys.size > 0) removals.push({ by: "keys", keys: [...this.#keys] });
    for (const tag of this.#tags) removals.push({ by: "tag", tag });
    for (const pattern of this.#patterns) removals.push({ by: "pattern", pattern });
    this.#clear();
    this.#isEverything = false;
    return removals;
  }

  #setEverything(): void {
    this.#clear();
    this.#isEverything = true;
  }

  #clear(): void {
    this.#keys.clear();
    this.#tags.clear();
    this.#patterns.clear();
  }
}

async function repeat(removal: Removal, cache: CacheStore): Promise<void> {
  switch (removal.by) {
    case "keys":
      await cache.removeMany(removal.keys);
      break;
    case "tag":
      await cache.removeByTag(removal.tag);
      break;
    case "pattern":
      await cache.removeByPattern(removal.pattern);
      break;
    case "all":
      await cache.invalidateAll();
  }
}
