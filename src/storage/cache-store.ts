import type { JsonValue } from "../json.ts";
import type { CallOptions } from "./call-options.ts";

/*
 * The hot tier: what may be lost at any moment and is gone after its time. Keys are well-formed texts of 1 to 512 code
 * units without NUL; tags too, with at most 16 of them at an entry. Every method rejects with `invalid_value` for a
 * key, tag or life that is none, with `limit_exceeded` for too many keys, and with `storage_unavailable`,
 * `storage_timeout`, `aborted` and `closed`.
 */

/**
 * What a reader holds who missed, and gives to the `set` that follows: proof of when it looked. A value that was loaded
 * before the key, or a tag named to `get`, was removed is old, and `set` with that lease refuses it. So does it after
 * any `removeByPattern` and `invalidateAll`, whatever they removed, and after more removals than the tier remembers.
 * Opaque, of use for this key only, for 10 minutes; it may be refused later.
 */
export type CacheLease = string & { readonly __brand: "CacheLease" };

/**
 * A stored `null`, `0`, `false` or `""` is a hit. Hits are deeply frozen, or fresh: no one who holds one can change
 * what is stored. `degraded` says that the tier was not asked, or did not answer, and then there is no lease and
 * nothing to set.
 */
export type CacheLookup<T extends JsonValue> =
  | { readonly hit: true; readonly value: T }
  | { readonly hit: false; readonly lease: CacheLease | undefined; readonly degraded: boolean };

/** `refused`: the lease is, or may be, older than a removal. `skipped`: the tier is degraded. */
export type CacheSetOutcome = "stored" | "refused" | "skipped";

export interface CacheRemoval {
  /** How many live entries are gone by it. */
  readonly count: number;
  /** The tier did not do it, but will have by the time it answers reads again. */
  readonly degraded: boolean;
}

/** A tier that cannot count does not invent a number: who asked decides between open and closed. */
export type CacheIncrement = { readonly outcome: "counted"; readonly value: number } | { readonly outcome: "unknown" };

/** How long an entry lives from now on: milliseconds, at least 1; `"none"` for ever. */
export type CacheTtl = number | "none";

export interface CacheGetOptions extends CallOptions {
  /** What the value will be tagged with, if it has to be set: the lease then covers the tags too. */
  readonly tags?: readonly string[] | undefined;
}

export interface CacheSetOptions extends CallOptions {
  /** The tier's default when it is left out (15 minutes unless configured). */
  readonly ttl?: CacheTtl | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly lease?: CacheLease | undefined;
}

export interface CacheLoadOptions<T extends JsonValue> extends CallOptions {
  readonly ttl?: CacheTtl | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Of what is loaded; the default is to cache everything with `ttl`. `0` is not to cache it: for "not found", say. */
  readonly ttlOf?: ((value: T) => CacheTtl) | undefined;
}

export interface CacheIncrementOptions extends CallOptions {
  /** Safe integer, also negative. 1 when left out. */
  readonly delta?: number | undefined;
  /** Given to a counter when it is created, and not changed later. The tier's default when left out. */
  readonly ttl?: CacheTtl | undefined;
}

export interface CacheStatistics {
  /** Looked up by `get`, `getMany` and `getOrSet`: `hits + misses`. */
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  /**
   * Calls of any method that the tier did not answer, which are no lookups, and values it could not read, which are
   * misses.
   */
  readonly errors: number;
  /** `hits / requests`; 0 without any. */
  readonly hitRate: number;
  /**
   * Of all calls of the process that reached the tier, failures too; the loading of `getOrSet` is not in it. From a
   * histogram, so the percentile is the upper end of its bucket; calls as quick as a clock are sampled. `null` without
   * any.
   */
  readonly averageLatencyMs: number | null;
  readonly p99LatencyMs: number | null;
  /** `null` where counting would take a scan. */
  readonly entries: number | null;
  /** Gone by expiry or for want of room, not by removal. `null` where the engine cannot tell. */
  readonly evictions: number | null;
}

export interface CacheCapabilities {
  /** Entries outlive this process and are seen by others. */
  readonly shared: boolean;
  /** Entries outlive the server or process that holds them. */
  readonly durable: boolean;
  /** False where a tag may live on another node than its entry: then a `set` that races with `removeByTag` may win. */
  readonly atomicTags: boolean;
}

export interface CacheStore extends AsyncDisposable {
  readonly capabilities: CacheCapabilities;
  get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>>;
  /** One round trip. In the order of the keys, one lookup for each; at most 1,000. */
  getMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<readonly CacheLookup<T>[]>;
  /** Overwrites value, life and tags. Rejects with `invalid_value` for what is no storable JSON. */
  set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome>;
  remove(key: string, options?: CallOptions): Promise<CacheRemoval>;
  /** One round trip; at most 1,000 keys. Outdates leases of keys that are not there, too. */
  removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval>;
  exists(key: string, options?: CallOptions): Promise<boolean>;
  /**
   * The cached value, else what `load` gives, which is then stored under the lease of the miss. However many callers of
   * this process ask for one key at once, `load` runs once and all get what it gives, frozen when there are several;
   * when it rejects, all of them reject with that and nothing is stored. Who asks after a removal does not get what was
   * being loaded before it. The life is varied by up to a tenth so that entries do not expire together. A caller that
   * aborts leaves; `load` is told to stop when the last one has left. When the tier fails, `load` is called and nothing
   * is stored. Rejects with `invalid_value` when `load` gives what is no storable JSON.
   */
  getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T>;
  /**
   * Removes the keys that match: `*` is any run of characters, also an empty one, `?` one code point, and a backslash
   * takes the next character as it is. 1 to 1,024 code units. Entries set meanwhile may stay. Bounded memory, and no
   * stop for other callers. Rejects with `invalid_value` for a pattern that ends in a lone backslash.
   */
  removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval>;
  /** Removes the entries whose last `set` named the tag. */
  removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval>;
  /**
   * Forgets every entry and outdates every lease, at once and however many there are; counters stay. For the end of an
   * outage in which removals were lost.
   */
  invalidateAll(options?: CallOptions): Promise<void>;
  /**
   * Adds to a counter, which begins at 0 when it is not there or expired: creation, addition and life are one step.
   * Counters are apart from entries: `get` does not see them, and removals pass them by. Rejects with `limit_exceeded`
   * beyond the safe integers, and then nothing was added.
   */
  increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement>;
  /** In constant time, from what this process saw. */
  statistics(): CacheStatistics;
  /** A sign of life. */
  ping(options?: CallOptions): Promise<void>;
}
