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

  /** Takes the removals that are remembered for everything, if there are any. */
  widen(): void {
    if (!this.isEmpty) this.#setEverything();
  }

  /** Rejects when the cache did not do it: then it owes everything. What is lost meanwhile stays owed. */
  async makeUp(cache: CacheStore): Promise<void> {
    const { everything, keys, tags, patterns } = this.#take();
    try {
      if (everything) await cache.invalidateAll();
      if (keys.length > 0) await cache.removeMany(keys);
      for (const tag of tags) await cache.removeByTag(tag);
      for (const pattern of patterns) await cache.removeByPattern(pattern);
    } catch (error) {
      this.#setEverything();
      throw error;
    }
  }

  get #size(): number {
    return this.#keys.size + this.#tags.size + this.#patterns.size;
  }

  #take() {
    const taken = {
      everything: this.#isEverything,
      keys: [...this.#keys],
      tags: [...this.#tags],
      patterns: [...this.#patterns],
    };
    this.#clear();
    this.#isEverything = false;
    return taken;
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
