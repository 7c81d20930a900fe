import { isVaultError, VaultError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type {
  CacheCapabilities,
  CacheGetOptions,
  CacheIncrement,
  CacheIncrementOptions,
  CacheLoadOptions,
  CacheLookup,
  CacheRemoval,
  CacheSetOptions,
  CacheSetOutcome,
  CacheStatistics,
  CacheStore,
} from "../cache-store.ts";
import type { CallOptions } from "../call-options.ts";
import { throwIfAborted } from "../until-aborted.ts";
import { CACHE_TTL_DEFAULT_MS, requireCacheKey, requireCacheKeys, requireCacheTags } from "./cache-key.ts";
import { CacheStatisticsRecorder } from "./cache-statistics.ts";
import { cacheTextOf, frozenValue } from "./cache-value.ts";
import type { Invalidation, InvalidationChannel } from "./invalidation-channel.ts";
import { isTierFailure, LoadThrough } from "./load-through.ts";
import { type NearStore, NearTier } from "./near-tier.ts";

export interface TieredCacheStoreOptions {
  readonly near: NearStore;
  readonly far: CacheStore;
  readonly channel: InvalidationChannel;
  /** The far tier's, which `getOrSet` varies. 15 minutes when left out. */
  readonly defaultTtlMs?: number | undefined;
  /**
   * An entry that came from the far tier, which does not say how long it will live, is kept no longer. 30 s when left
   * out.
   */
  readonly nearTtlMaxMs?: number | undefined;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
}

/**
 * A tier in this process in front of one that processes share. What another process writes or removes is not served
 * from here a second later: without the channel, only the far tier is asked.
 *
 * An entry may be found until `nearTtlMaxMs` after its life ended in the far tier, when it was got from there. A `get`
 * that names tags is taken to name all of them; entries got without are forgotten here whenever any tag is removed. The
 * stores and the channel are the caller's, who closes them after this one.
 */
export class TieredCacheStore implements CacheStore {
  readonly capabilities: CacheCapabilities;
  readonly #far: CacheStore;
  readonly #near: NearTier;
  readonly #nearTtlMaxMs: number;
  readonly #defaultTtlMs: number;
  readonly #loads: LoadThrough;
  readonly #statistics = new CacheStatisticsRecorder();
  #isClosed = false;

  constructor(options: TieredCacheStoreOptions) {
    const { near, far, channel, defaultTtlMs = CACHE_TTL_DEFAULT_MS, random = Math.random } = options;
    this.capabilities = far.capabilities;
    this.#far = far;
    this.#defaultTtlMs = defaultTtlMs;
    this.#nearTtlMaxMs = options.nearTtlMaxMs ?? 30_000;
    this.#near = new NearTier(near, channel, this.#nearTtlMaxMs);
    this.#loads = new LoadThrough(
      {
        look: (key, { tags }, signal) => this.#lookFar(key, { tags, signal }),
        store: (key, json, setting) => this.#store(key, frozenValue(json), setting),
      },
      { defaultTtlMs, random },
    );
  }

  async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    return this.#findNear<T>(key, options) ?? this.#lookFar<T>(key, options);
  }

  async getMany<T extends JsonValue>(
    keys: readonly string[],
    options?: CallOptions,
  ): Promise<readonly CacheLookup<T>[]> {
    this.#requireOpen(options);
    requireCacheKeys(keys);
    const found = keys.map((key) => this.#near.find<T>(key));
    const missing = keys.filter((_, index) => found[index] === undefined);
    const lease = this.#near.lease(undefined);
    const lookups = await this.#measured(() => (missing.length === 0 ? [] : this.#far.getMany<T>(missing, options)));
    for (const [index, lookup] of lookups.entries()) this.#keepFound(missing[index] as string, lookup, { lease });
    let next = 0;
    const all = found.map((lookup) => lookup ?? (lookups[next++] as CacheLookup<T>));
    for (const lookup of all) this.#statistics.looked(lookup);
    return all;
  }

  async set(key: string, value: JsonValue, options: CacheSetOptions = {}): Promise<CacheSetOutcome> {
    this.#requireOpen(options);
    const lease = this.#near.lease(options.tags ?? []);
    // What is kept is what was given now, whatever the caller does with it meanwhile.
    const kept = lease === undefined ? null : frozenValue(cacheTextOf(value));
    const names = [key];
    let outcome: CacheSetOutcome;
    try {
      outcome = await this.#measured(() => this.#far.set(key, value, options));
    } catch (error) {
      if (isTierFailure(error) || isVaultError(error, "aborted")) await this.#near.invalidate({ what: "keys", names });
      throw error;
    }
    if (outcome !== "stored") return outcome;
    this.#replace(key, kept, { ...options, lease });
    // What was loaded after a miss is what others load, too; of anything else they may hold what was there before.
    if (options.lease === undefined) await this.#near.publish({ what: "keys", names });
    return outcome;
  }

  async remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.removeMany([key], options);
  }

  async removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    this.#requireOpen(options);
    requireCacheKeys(keys);
    return this.#remove({ what: "keys", names: keys }, () => this.#far.removeMany(keys, options));
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    this.#requireOpen(options);
    if (this.#near.find(key)) return true;
    return this.#measured(() => this.#far.exists(key, options));
  }

  async getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    const found = this.#findNear<T>(key, options);
    return found ? found.value : this.#loads.get(key, load, options);
  }

  async removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    this.#requireOpen(options);
    return this.#remove({ what: "all" }, () => this.#far.removeByPattern(pattern, options));
  }

  async removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    this.#requireOpen(options);
    return this.#remove({ what: "tags", names: [tag] }, () => this.#far.removeByTag(tag, options));
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    this.#requireOpen(options);
    await this.#remove({ what: "all" }, async () => {
      await this.#far.invalidateAll(options);
      return NOTHING_REMOVED;
    });
  }

  async increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    this.#requireOpen(options);
    return this.#measured(() => this.#far.increment(key, options));
  }

  /** Entries and evictions are those of the far tier. */
  statistics(): CacheStatistics {
    const { entries, evictions, errors } = this.#far.statistics();
    return { ...this.#statistics.read({ entries, evictions }), errors };
  }

  async ping(options?: CallOptions): Promise<void> {
    this.#requireOpen(options);
    await this.#measured(() => this.#far.ping(options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#near.close();
  }

  #findNear<T extends JsonValue>(
    key: string,
    options: CallOptions | undefined,
  ): (CacheLookup<T> & { readonly hit: true }) | undefined {
    const startedMs = this.#statistics.beginQuick();
    this.#requireOpen(options);
    const found = this.#near.find<T>(key);
    if (found === undefined) return undefined;
    this.#statistics.hit();
    this.#statistics.calledQuick(startedMs);
    return found;
  }

  async #lookFar<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    requireCacheKey(key);
    const tags = options?.tags === undefined ? undefined : requireCacheTags(options.tags);
    const lease = this.#near.lease(tags);
    const lookup = await this.#measured(() => this.#far.get<T>(key, options));
    this.#statistics.looked(lookup);
    this.#keepFound(key, lookup, { lease, tags });
    return lookup;
  }

  #keepFound(
    key: string,
    lookup: CacheLookup<JsonValue>,
    { lease, tags }: { lease: CacheSetOptions["lease"]; tags?: readonly string[] | undefined },
  ): void {
    if (lookup.hit && lease !== undefined) this.#near.keep(key, lookup.value, { lease, tags, ttl: this.#nearTtlMaxMs });
  }

  /** What `getOrSet` loaded: nobody needs to be told. */
  async #store(key: string, value: JsonValue, options: CacheSetOptions): Promise<void> {
    const lease = this.#near.lease(options.tags ?? []);
    const outcome = await this.#measured(() => this.#far.set(key, value, options));
    if (outcome === "stored") this.#replace(key, value, { ...options, lease });
  }

  #replace(key: string, value: JsonValue, { lease, tags = [], ttl = this.#defaultTtlMs }: CacheSetOptions): void {
    if (lease === undefined) this.#near.forgetKey(key);
    else this.#near.replace(key, value, { lease, tags: requireCacheTags(tags), ttl });
  }

  /** The far tier first: what is read from there meanwhile is outdated by what follows. */
  async #remove(invalidation: Invalidation, remove: () => Promise<CacheRemoval>): Promise<CacheRemoval> {
    let isPublished = true;
    const removal = await this.#measured(async () => {
      try {
        return await remove();
      } finally {
        this.#outdateLoads(invalidation);
        isPublished = await this.#near.invalidate(invalidation);
      }
    });
    return isPublished ? removal : { ...removal, degraded: true };
  }

  #outdateLoads(invalidation: Invalidation): void {
    if (invalidation.what === "keys") this.#loads.outdate(invalidation.names);
    else this.#loads.outdateAll();
  }

  async #measured<T>(work: () => T | Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await work();
    } finally {
      this.#statistics.called(startedMs);
    }
  }

  #requireOpen(options: CallOptions | undefined): void {
    if (this.#isClosed) throw new VaultError("closed", "The cache was closed.");
    throwIfAborted(options?.signal);
  }
}

const NOTHING_REMOVED: CacheRemoval = { count: 0, degraded: false };
