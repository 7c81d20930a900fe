import { VaultError } from "../../errors.ts";
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
import {
  CACHE_TTL_DEFAULT_MS,
  requireCacheKey,
  requireCacheKeys,
  requireCacheTags,
  requireCacheTtl,
} from "./cache-key.ts";
import { cacheTextOf } from "./cache-value.ts";
import type { Invalidation, InvalidationChannel } from "./invalidation-channel.ts";
import { DEGRADED_MISS, LoadThrough } from "./load-through.ts";
import type { NearStore } from "./near-tier.ts";

export interface NearCacheStoreOptions {
  readonly near: NearStore;
  readonly channel: InvalidationChannel;
  /** The near store's, which `getOrSet` varies. 15 minutes when left out. */
  readonly defaultTtlMs?: number | undefined;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
}

/**
 * The hot tier of several processes that share no cache but hear of each other's changes: each keeps its own entries,
 * and forgets what another one writes or removes. While the channel is not connected, reads are degraded misses and
 * nothing is stored. Counters are of one process. The store and the channel are the caller's, who closes them after
 * this one.
 */
export class NearCacheStore implements CacheStore {
  readonly capabilities: CacheCapabilities;
  readonly #near: NearStore;
  readonly #channel: InvalidationChannel;
  readonly #loads: LoadThrough;
  readonly #unsubscribe: () => void;
  #isClosed = false;

  constructor({ near, channel, defaultTtlMs = CACHE_TTL_DEFAULT_MS, random = Math.random }: NearCacheStoreOptions) {
    this.capabilities = near.capabilities;
    this.#near = near;
    this.#channel = channel;
    this.#loads = new LoadThrough(
      {
        look: (key, { tags }, signal) => this.get(key, { tags, signal }),
        store: (key, json, setting) => this.set(key, JSON.parse(json) as JsonValue, setting),
      },
      { defaultTtlMs, random },
    );
    this.#unsubscribe = channel.subscribe({
      onInvalidation: (invalidation) => this.#forget(invalidation),
      onInterrupted: () => near.clear(),
    });
  }

  async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    this.#requireOpen(options);
    if (this.#channel.isConnected()) return this.#near.peek<T>(key, options);
    requireCacheKey(key);
    return DEGRADED_MISS;
  }

  async getMany<T extends JsonValue>(
    keys: readonly string[],
    options?: CallOptions,
  ): Promise<readonly CacheLookup<T>[]> {
    this.#requireOpen(options);
    if (this.#channel.isConnected()) return this.#near.getMany<T>(keys, options);
    requireCacheKeys(keys);
    return keys.map(() => DEGRADED_MISS);
  }

  async set(key: string, value: JsonValue, options: CacheSetOptions = {}): Promise<CacheSetOutcome> {
    this.#requireOpen(options);
    if (!this.#channel.isConnected()) return this.#setNothing(key, value, options);
    const outcome = await this.#near.set(key, value, options);
    // What was loaded after a miss is what others load, too; of anything else they may hold what was there before.
    if (outcome === "stored" && options.lease === undefined)
      await this.#channel.publish({ what: "keys", names: [key] });
    return outcome;
  }

  async remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.removeMany([key], options);
  }

  async removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove({ what: "keys", names: keys }, () => this.#near.removeMany(keys, options), options);
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    this.#requireOpen(options);
    return (await this.#near.exists(key, options)) && this.#channel.isConnected();
  }

  async getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    this.#requireOpen(options);
    const found = this.#channel.isConnected() ? this.#near.find<T>(key) : undefined;
    return found ? found.value : this.#loads.get(key, load, options);
  }

  async removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove({ what: "all" }, () => this.#near.removeByPattern(pattern, options), options);
  }

  async removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove({ what: "tags", names: [tag] }, () => this.#near.removeByTag(tag, options), options);
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    await this.#remove(
      { what: "all" },
      async () => {
        await this.#near.invalidateAll(options);
        return { count: 0, degraded: false };
      },
      options,
    );
  }

  async increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    this.#requireOpen(options);
    return this.#near.increment(key, options);
  }

  /** Of the lookups while the channel was connected. */
  statistics(): CacheStatistics {
    return this.#near.statistics();
  }

  async ping(options?: CallOptions): Promise<void> {
    this.#requireOpen(options);
    await this.#near.ping(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
  }

  #setNothing(key: string, value: JsonValue, options: CacheSetOptions): CacheSetOutcome {
    requireCacheKey(key);
    requireCacheTags(options.tags);
    requireCacheTtl(options.ttl ?? "none");
    cacheTextOf(value);
    return "skipped";
  }

  async #remove(
    invalidation: Invalidation,
    remove: () => Promise<CacheRemoval>,
    options: CallOptions | undefined,
  ): Promise<CacheRemoval> {
    this.#requireOpen(options);
    const removal = await remove();
    this.#outdateLoads(invalidation);
    return { ...removal, degraded: !(await this.#channel.publish(invalidation)) };
  }

  #forget(invalidation: Invalidation): void {
    if (invalidation.what === "all") this.#near.clear();
    else if (invalidation.what === "keys") this.#near.forgetKeys(invalidation.names);
    else for (const tag of invalidation.names) this.#near.forgetTag(tag);
  }

  #outdateLoads(invalidation: Invalidation): void {
    if (invalidation.what === "keys") this.#loads.outdate(invalidation.names);
    else this.#loads.outdateAll();
  }

  #requireOpen(options: CallOptions | undefined): void {
    if (this.#isClosed) throw new VaultError("closed", "The cache was closed.");
    throwIfAborted(options?.signal);
  }
}
