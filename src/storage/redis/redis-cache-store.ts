import { randomBytes } from "node:crypto";
import { isVaultError, VaultError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import {
  CACHE_TTL_DEFAULT_MS,
  requireCacheKey,
  requireCacheKeys,
  requireCacheTag,
  requireCacheTags,
  requireCacheTtl,
  requireCounterDelta,
} from "../cache/cache-key.ts";
import { CacheStatisticsRecorder } from "../cache/cache-statistics.ts";
import { cacheTextOf } from "../cache/cache-value.ts";
import { compileGlob } from "../cache/glob.ts";
import { isTierFailure, LoadThrough } from "../cache/load-through.ts";
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
import { CacheGeneration } from "./cache-generation.ts";
import { CacheKeyspace } from "./cache-keyspace.ts";
import { ADD_TO_COUNTER } from "./cache-scripts.ts";
import { type RedisCacheParts, RedisCacheReader } from "./redis-cache-reader.ts";
import { RedisCacheRemover } from "./redis-cache-remover.ts";
import { RedisCacheWriter } from "./redis-cache-writer.ts";
import type { RedisConnection } from "./redis-connection.ts";

export interface RedisCacheStoreOptions {
  readonly defaultTtlMs?: number | undefined;
  /** Milliseconds since 1970, for the age of leases. */
  readonly nowMs?: (() => number) | undefined;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
}

/** The hot tier on a Redis server or cluster, shared by all processes with its key prefix. */
export class RedisCacheStore implements CacheStore {
  readonly capabilities: CacheCapabilities;
  readonly #parts: RedisCacheParts;
  readonly #reader: RedisCacheReader;
  readonly #writer: RedisCacheWriter;
  readonly #remover: RedisCacheRemover;
  readonly #statistics = new CacheStatisticsRecorder();
  readonly #loads: LoadThrough;
  readonly #defaultTtlMs: number;
  readonly #end = new AbortController();
  readonly #forgetServerChange: () => void;
  /** Ends when what earlier epochs left is gone. */
  #sweeping: Promise<void> = Promise.resolve();

  /** The connection stays the caller's, who closes it after the store. */
  constructor(connection: RedisConnection, options: RedisCacheStoreOptions = {}) {
    this.capabilities = { shared: true, durable: false, atomicTags: !connection.isCluster };
    this.#defaultTtlMs = options.defaultTtlMs ?? CACHE_TTL_DEFAULT_MS;
    const bytes = options.randomBytes ?? randomBytes;
    const newNonce = (): string => Buffer.from(bytes(8)).toString("hex");
    const keyspace = new CacheKeyspace(connection.keyPrefix);
    const generation = new CacheGeneration(connection, keyspace, newNonce);
    const nowMs = options.nowMs ?? Date.now;
    this.#parts = { connection, keyspace, generation, statistics: this.#statistics, nowMs, newNonce };
    this.#reader = new RedisCacheReader(this.#parts);
    this.#writer = new RedisCacheWriter(this.#parts);
    this.#remover = new RedisCacheRemover(this.#parts);
    this.#loads = new LoadThrough(
      {
        look: (key, { tags }, signal) => this.get(key, { tags, signal }),
        store: (key, json, setting) => this.#store(key, json, setting),
      },
      { defaultTtlMs: this.#defaultTtlMs, random: options.random ?? Math.random },
    );
    // Another server may hold what was removed from the one before it.
    this.#forgetServerChange = connection.onServerChange((node) => generation.renew(node));
  }

  async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    requireCacheKey(key);
    const tags = requireCacheTags(options?.tags);
    const lookup = await this.#measured(options, () => this.#reader.look<T>(key, tags, options));
    this.#statistics.looked(lookup);
    return lookup;
  }

  async getMany<T extends JsonValue>(
    keys: readonly string[],
    options?: CallOptions,
  ): Promise<readonly CacheLookup<T>[]> {
    requireCacheKeys(keys);
    const lookups = await this.#measured(options, () =>
      keys.length === 0 ? Promise.resolve([]) : this.#reader.lookMany<T>(keys, options),
    );
    for (const lookup of lookups) this.#statistics.looked(lookup);
    return lookups;
  }

  async set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    return this.#store(key, cacheTextOf(value), options);
  }

  async remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.removeMany([key], options);
  }

  async removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    requireCacheKeys(keys);
    try {
      return removed(await this.#measured(options, () => this.#remover.remove(keys, options)));
    } finally {
      this.#loads.outdate(keys);
    }
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    requireCacheKey(key);
    return this.#measured(options, () => this.#reader.exists(key, options));
  }

  async getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    this.#requireOpen(options);
    return this.#loads.get(key, load, options);
  }

  async removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    const glob = compileGlob(pattern);
    try {
      return removed(await this.#measured(options, () => this.#remover.removeByPattern(glob, options)));
    } finally {
      this.#loads.outdateAll();
    }
  }

  async removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    requireCacheTag(tag);
    try {
      return removed(await this.#measured(options, () => this.#remover.removeByTag(tag, options)));
    } finally {
      this.#loads.outdateAll();
    }
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    const { connection, generation } = this.#parts;
    try {
      await this.#measured(options, () => generation.renew(connection, options));
    } finally {
      this.#loads.outdateAll();
    }
    this.#sweeping = this.#sweeping.then(() => this.#sweep());
  }

  async increment(key: string, options: CacheIncrementOptions = {}): Promise<CacheIncrement> {
    requireCacheKey(key);
    const values = [requireCounterDelta(options.delta), requireCacheTtl(options.ttl ?? this.#defaultTtlMs) ?? ""];
    const { connection, keyspace } = this.#parts;
    const sum = await this.#measured(options, () =>
      connection.run<string | null>(ADD_TO_COUNTER, { keys: [keyspace.counter(key)], values }, options),
    );
    if (sum !== null) return { outcome: "counted", value: Number(sum) };
    throw new VaultError("limit_exceeded", "A counter does not go beyond the safe integers.");
  }

  statistics(): CacheStatistics {
    return this.#statistics.read({ entries: null, evictions: null });
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.#measured(options, () => this.#parts.connection.send("ping", [], options));
  }

  /** Resolves when what `invalidateAll` made void is removed, or cannot be removed now. */
  swept(): Promise<void> {
    return this.#sweeping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.#forgetServerChange();
    await this.#sweeping;
  }

  async #store(key: string, json: string, options: CacheSetOptions = {}): Promise<CacheSetOutcome> {
    requireCacheKey(key);
    const tags = requireCacheTags(options.tags);
    const lifeMs = requireCacheTtl(options.ttl ?? this.#defaultTtlMs);
    return this.#measured(options, () => this.#writer.set({ key, json, lifeMs, tags, lease: options.lease }, options));
  }

  async #measured<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    this.#requireOpen(options);
    const startedMs = performance.now();
    try {
      return await work();
    } catch (error) {
      if (isTierFailure(error)) this.#statistics.error();
      throw error;
    } finally {
      this.#statistics.called(startedMs);
    }
  }

  #requireOpen(options: CallOptions | undefined): void {
    if (this.#end.signal.aborted) throw new VaultError("closed", "The cache was closed.");
    throwIfAborted(options?.signal);
  }

  /** What is left of old epochs is out of sight, so a failure costs room alone; the next sweep takes it. */
  async #sweep(): Promise<void> {
    try {
      await this.#remover.sweepOldEpochs({ signal: this.#end.signal });
    } catch (error) {
      if (!isVaultError(error)) throw error;
    }
  }
}

function removed(count: number): CacheRemoval {
  return { count, degraded: false };
}
