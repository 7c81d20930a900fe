import { VaultError } from "../../errors.ts";
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
import { cacheTextOf, charactersOf, deepFreeze, frozenValue } from "../cache/cache-value.ts";
import { compileGlob } from "../cache/glob.ts";
import { LoadThrough } from "../cache/load-through.ts";
import type { NearStore } from "../cache/near-tier.ts";
import type {
  CacheCapabilities,
  CacheGetOptions,
  CacheIncrement,
  CacheIncrementOptions,
  CacheLease,
  CacheLoadOptions,
  CacheLookup,
  CacheRemoval,
  CacheSetOptions,
  CacheSetOutcome,
  CacheStatistics,
  CacheTtl,
} from "../cache-store.ts";
import type { CallOptions } from "../call-options.ts";
import { throwIfAborted } from "../until-aborted.ts";
import { CacheCounters } from "./cache-counters.ts";
import { CacheEntries } from "./cache-entries.ts";
import { CacheLeases } from "./cache-leases.ts";
import { inTurns } from "./in-turns.ts";

export interface InMemoryCacheStoreOptions {
  /** Milliseconds since 1970. */
  readonly nowMs?: (() => number) | undefined;
  /** From 0 up to 1. */
  readonly random?: (() => number) | undefined;
  /** Also the number of removals that are remembered for leases, and of counters. 50,000 when left out. */
  readonly entriesMax?: number | undefined;
  /**
   * Room for entries in characters of their JSON and keys, which is one byte each for Latin text. 128 Mi when left out.
   */
  readonly charactersMax?: number | undefined;
  readonly defaultTtlMs?: number | undefined;
  /** How often entries that expired unseen are dropped. 30 s when left out. */
  readonly sweepIntervalMs?: number | undefined;
}

/** The hot tier in the memory of this process. A hit is the one frozen value that is stored, for every reader. */
export class InMemoryCacheStore implements NearStore {
  readonly capabilities: CacheCapabilities = { shared: false, durable: false, atomicTags: true };
  readonly #nowMs: () => number;
  readonly #defaultTtlMs: number;
  readonly #entries: CacheEntries;
  readonly #counters: CacheCounters;
  readonly #leases: CacheLeases;
  readonly #statistics = new CacheStatisticsRecorder();
  readonly #loads: LoadThrough;
  readonly #sweeper: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: InMemoryCacheStoreOptions = {}) {
    const entriesMax = options.entriesMax ?? 50_000;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#defaultTtlMs = options.defaultTtlMs ?? CACHE_TTL_DEFAULT_MS;
    this.#entries = new CacheEntries({ entriesMax, charactersMax: options.charactersMax ?? 128 * 1024 * 1024 });
    this.#counters = new CacheCounters(entriesMax);
    this.#leases = new CacheLeases(entriesMax);
    this.#loads = new LoadThrough(
      {
        look: async (key, { tags }) => this.#look(key, tags),
        store: async (key, text, setting) => this.#store(key, text, setting),
      },
      { defaultTtlMs: this.#defaultTtlMs, random: options.random ?? Math.random },
    );
    this.#sweeper = setInterval(() => void this.#sweep(), options.sweepIntervalMs ?? 30_000).unref();
  }

  peek<T extends JsonValue>(key: string, options?: CacheGetOptions): CacheLookup<T> {
    const startedMs = this.#statistics.beginQuick();
    this.#requireOpen(options);
    // A key with an entry was checked when that was set.
    const lookup = this.#look<T>(key, options?.tags);
    this.#statistics.calledQuick(startedMs);
    return lookup;
  }

  find<T extends JsonValue>(key: string): (CacheLookup<T> & { readonly hit: true }) | undefined {
    const startedMs = this.#statistics.beginQuick();
    const hit = this.#entries.get(key, this.#nowMs());
    if (hit === undefined) return undefined;
    this.#statistics.hit();
    this.#statistics.calledQuick(startedMs);
    return hit as CacheLookup<T> & { readonly hit: true };
  }

  issueLease(tags: readonly string[]): CacheLease {
    return this.#leases.issue(tags);
  }

  isOutdated(lease: CacheLease, key: string): boolean {
    return this.#leases.isOutdated(lease, key);
  }

  adopt(key: string, value: JsonValue, { ttl, tags = [], lease }: CacheSetOptions): CacheSetOutcome {
    const expiresMs = this.#expiresMs(ttl, this.#nowMs());
    if (this.#isClosed || (lease !== undefined && this.#leases.isOutdated(lease, key))) return "refused";
    this.#entries.set(key, deepFreeze(value), { expiresMs, tags, characters: charactersOf(value) });
    return "stored";
  }

  forgetKeys(keys: readonly string[]): number {
    this.#leases.keysRemoved(keys);
    this.#loads.outdate(keys);
    const nowMs = this.#nowMs();
    return keys.filter((key) => this.#entries.delete(key, nowMs)).length;
  }

  forgetTag(tag: string): number {
    const keys = this.#entries.deleteTagged(tag, this.#nowMs());
    this.#leases.tagRemoved(tag, keys);
    this.#loads.outdateAll();
    return keys.length;
  }

  clear(): void {
    this.#leases.allRemoved();
    this.#loads.outdateAll();
    this.#entries.clear();
  }

  async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    return this.peek(key, options);
  }

  async getMany<T extends JsonValue>(
    keys: readonly string[],
    options?: CallOptions,
  ): Promise<readonly CacheLookup<T>[]> {
    return this.#measured(options, () => {
      requireCacheKeys(keys);
      return keys.map((key) => this.#look<T>(key, undefined));
    });
  }

  async set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    return this.#measured(options, () => this.#store(key, cacheTextOf(value), options));
  }

  async remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.removeMany([key], options);
  }

  async removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    return this.#measured(options, () => {
      requireCacheKeys(keys);
      return removed(this.forgetKeys(keys));
    });
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    return this.#measured(options, () => {
      requireCacheKey(key);
      return this.#entries.has(key, this.#nowMs());
    });
  }

  async getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    this.#requireOpen(options);
    const hit = this.find<T>(key);
    return hit ? hit.value : this.#loads.get(key, load, options);
  }

  async removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    const startedMs = performance.now();
    this.#requireOpen(options);
    const glob = compileGlob(pattern);
    this.#leases.allRemoved();
    this.#loads.outdateAll();
    let count = 0;
    await inTurns(this.#entries.keys(), (key) => {
      throwIfAborted(options?.signal);
      if (glob.matches(key) && this.#entries.delete(key, this.#nowMs())) count++;
    });
    this.#statistics.called(startedMs);
    return removed(count);
  }

  async removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#measured(options, () => {
      requireCacheTag(tag);
      return removed(this.forgetTag(tag));
    });
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    return this.#measured(options, () => this.clear());
  }

  async increment(key: string, options: CacheIncrementOptions = {}): Promise<CacheIncrement> {
    return this.#measured(options, () => {
      requireCacheKey(key);
      const delta = requireCounterDelta(options.delta);
      const nowMs = this.#nowMs();
      const expiresMs = this.#expiresMs(options.ttl, nowMs);
      return { outcome: "counted", value: this.#counters.add(key, delta, { nowMs, expiresMs }) };
    });
  }

  statistics(): CacheStatistics {
    return this.#statistics.read({ entries: this.#entries.size, evictions: this.#entries.evictions });
  }

  async ping(options?: CallOptions): Promise<void> {
    this.#requireOpen(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweeper);
    this.#entries.clear();
  }

  #look<T extends JsonValue>(key: string, tags: readonly string[] | undefined): CacheLookup<T> {
    const hit = this.#entries.get(key, this.#nowMs());
    if (hit !== undefined) {
      this.#statistics.hit();
      return hit as CacheLookup<T>;
    }
    requireCacheKey(key);
    const lease = this.#leases.issue(requireCacheTags(tags));
    this.#statistics.miss();
    return { hit: false, lease, degraded: false };
  }

  #store(
    key: string,
    text: string,
    {
      ttl,
      tags,
      lease,
    }: { ttl?: CacheTtl | undefined; tags?: readonly string[] | undefined; lease?: CacheLease | undefined } = {},
  ): CacheSetOutcome {
    requireCacheKey(key);
    const distinct = requireCacheTags(tags);
    const expiresMs = this.#expiresMs(ttl, this.#nowMs());
    if (lease !== undefined && this.#leases.isOutdated(lease, key)) return "refused";
    this.#entries.set(key, frozenValue(text), { expiresMs, tags: distinct, characters: text.length });
    return "stored";
  }

  #expiresMs(ttl: CacheTtl | undefined, nowMs: number): number {
    const lifeMs = requireCacheTtl(ttl ?? this.#defaultTtlMs);
    return lifeMs === undefined ? Number.POSITIVE_INFINITY : nowMs + lifeMs;
  }

  #measured<T>(options: CallOptions | undefined, work: () => T): T {
    const startedMs = performance.now();
    this.#requireOpen(options);
    const result = work();
    this.#statistics.called(startedMs);
    return result;
  }

  #requireOpen(options: CallOptions | undefined): void {
    if (this.#isClosed) throw new VaultError("closed", "The cache was closed.");
    throwIfAborted(options?.signal);
  }

  async #sweep(): Promise<void> {
    await inTurns(this.#entries.keys(), (key) => this.#entries.expireIfDue(key, this.#nowMs()));
    await inTurns(this.#counters.keys(), (key) => this.#counters.expireIfDue(key, this.#nowMs()));
  }
}

function removed(count: number): CacheRemoval {
  return { count, degraded: false };
}
