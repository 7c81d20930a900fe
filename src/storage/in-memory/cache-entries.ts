import { LRUCache } from "lru-cache";
import type { JsonValue } from "../../json.ts";
import type { CacheLookup } from "../cache-store.ts";

interface CacheEntry {
  /** What a reader is handed, made once. */
  readonly hit: CacheLookup<JsonValue> & { readonly hit: true };
  /** Milliseconds since 1970; infinite for ever. */
  readonly expiresMs: number;
  readonly tags: readonly string[];
}

export interface CacheEntriesOptions {
  readonly entriesMax: number;
  readonly charactersMax: number;
}

/** An entry costs room beside its JSON: the key, the record and the places in two maps, in characters. */
const ENTRY_OVERHEAD = 128;

/** The live entries by key and by tag, within a bounded number and size; the least recently used one makes room. */
export class CacheEntries {
  readonly #entries: LRUCache<string, CacheEntry>;
  readonly #keysByTag = new Map<string, Set<string>>();
  readonly #charactersMax: number;
  #evictions = 0;

  constructor({ entriesMax, charactersMax }: CacheEntriesOptions) {
    this.#charactersMax = charactersMax;
    this.#entries = new LRUCache({
      max: entriesMax,
      maxSize: charactersMax,
      dispose: (entry, key, reason) => {
        if (reason === "evict") this.#evictions++;
        if (entry.tags.length > 0) this.#forgetTags(key, entry.tags);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Gone by expiry or for want of room. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string, nowMs: number): (CacheLookup<JsonValue> & { readonly hit: true }) | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs > nowMs) return entry.hit;
    this.#expire(key);
    return undefined;
  }

  has(key: string, nowMs: number): boolean {
    const entry = this.#entries.peek(key);
    return entry !== undefined && entry.expiresMs > nowMs;
  }

  set(key: string, value: JsonValue, life: { expiresMs: number; tags: readonly string[]; characters: number }): void {
    const size = life.characters + key.length + ENTRY_OVERHEAD;
    if (size > this.#charactersMax) {
      // It finds no room whoever else leaves, so it is gone as soon as it is there.
      this.#entries.delete(key);
      this.#evictions++;
      return;
    }
    const { expiresMs, tags } = life;
    this.#entries.set(key, { hit: Object.freeze({ hit: true, value }), expiresMs, tags }, { size });
    for (const tag of tags) this.#rememberTag(tag, key);
  }

  /** True when the entry was there and alive. */
  delete(key: string, nowMs: number): boolean {
    const isAlive = this.has(key, nowMs);
    if (this.#entries.delete(key) && !isAlive) this.#evictions++;
    return isAlive;
  }

  /** The keys that were there and alive. */
  deleteTagged(tag: string, nowMs: number): string[] {
    return Array.from(this.#keysByTag.get(tag) ?? []).filter((key) => this.delete(key, nowMs));
  }

  expireIfDue(key: string, nowMs: number): void {
    const entry = this.#entries.peek(key);
    if (entry !== undefined && entry.expiresMs <= nowMs) this.#expire(key);
  }

  keys(): string[] {
    return [...this.#entries.keys()];
  }

  clear(): void {
    this.#entries.clear();
    this.#keysByTag.clear();
  }

  #expire(key: string): void {
    this.#entries.delete(key);
    this.#evictions++;
  }

  #rememberTag(tag: string, key: string): void {
    const keys = this.#keysByTag.get(tag);
    if (keys) keys.add(key);
    else this.#keysByTag.set(tag, new Set([key]));
  }

  #forgetTags(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByTag.delete(tag);
    }
  }
}
