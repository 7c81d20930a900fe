import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type CacheCapabilities,
  type CacheGetOptions,
  type CacheIncrement,
  type CacheIncrementOptions,
  type CacheLoadOptions,
  type CacheLookup,
  type CacheRemoval,
  type CacheSetOptions,
  type CacheSetOutcome,
  type CacheStatistics,
  CacheStatisticsRecorder,
  type CacheStore,
  type CacheTtl,
  type CallOptions,
  type Clock,
  cacheTextOf,
  compileGlob,
  isTierFailure,
  type JsonValue,
  LoadThrough,
  requireCacheKey,
  requireCacheKeys,
  requireCacheTag,
  requireCacheTags,
  requireCacheTtl,
  requireCounterDelta,
} from "strongroom/storage";
import { CacheFile, type CacheFileOptions } from "./cache-file.ts";
import type { CacheRows } from "./cache-rows.ts";

export interface SqliteCacheStoreOptions extends CacheFileOptions {
  readonly defaultTtlMs: number;
  readonly clock: Clock;
  /** How often what has expired is dropped. 30 s when left out. */
  readonly sweepIntervalMs?: number | undefined;
}

/** The hot tier in a file, for all processes of a machine that name it. A hit is a fresh value for each reader. */
export class SqliteCacheStore implements CacheStore {
  readonly capabilities: CacheCapabilities = { shared: true, durable: true, atomicTags: true };
  readonly #file: CacheFile;
  readonly #options: SqliteCacheStoreOptions;
  readonly #statistics = new CacheStatisticsRecorder();
  readonly #loads: LoadThrough;
  readonly #sweeper: NodeJS.Timeout;
  /** The last removal that loads under way were told of. */
  #knownRemoval = -1;

  /** The file is opened by the first call. */
  constructor(options: SqliteCacheStoreOptions) {
    this.#file = new CacheFile(options);
    this.#options = options;
    this.#loads = new LoadThrough(
      {
        look: (key, { tags }, signal) => this.get(key, { tags, signal }),
        store: (key, text, setting) => this.#store(key, text, setting),
      },
      { defaultTtlMs: options.defaultTtlMs, random: Math.random },
    );
    this.#sweeper = setInterval(() => void this.sweep(), options.sweepIntervalMs ?? 30_000).unref();
  }

  async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    requireCacheKey(key);
    const tags = requireCacheTags(options?.tags);
    return this.#read(options, (rows, nowMs) => this.#look<T>(rows, key, { tags, nowMs }));
  }

  async getMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<CacheLookup<T>[]> {
    requireCacheKeys(keys);
    return this.#read(options, (rows, nowMs) => keys.map((key) => this.#look<T>(rows, key, { tags: [], nowMs })));
  }

  async set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    return this.#store(key, cacheTextOf(value), options);
  }

  async remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.removeMany([key], options);
  }

  async removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    requireCacheKeys(keys);
    const count = await this.#write(options, ({ entries, removals }, nowMs) => {
      removals.keysRemoved(keys);
      return keys.filter((key) => entries.delete(key, nowMs)).length;
    });
    return { count, degraded: false };
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    requireCacheKey(key);
    return this.#read(options, ({ entries }, nowMs) => entries.find(key, nowMs) !== undefined);
  }

  async getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    await this.#hearOfRemovals(options);
    return this.#loads.get(key, load, options);
  }

  async removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    const glob = compileGlob(pattern);
    const lastId = await this.#write(options, ({ entries, removals }) => {
      removals.allRemoved();
      return entries.lastId;
    });
    let count = 0;
    for (let reached = 0; reached < lastId; await nextTurn()) {
      // What is set from now on has a higher id and stays.
      const chunk = await this.#read(options, ({ entries }) => entries.after(reached, lastId));
      const matching = chunk.filter(({ key }) => glob.matches(key));
      count += await this.#write(
        options,
        ({ entries }, nowMs) => matching.filter(({ id }) => entries.deleteById(id, nowMs)).length,
      );
      reached = chunk.at(-1)?.id ?? lastId;
    }
    return { count, degraded: false };
  }

  async removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    requireCacheTag(tag);
    const count = await this.#write(options, ({ entries, removals }, nowMs) => {
      removals.tagRemoved(tag, nowMs);
      return entries.deleteTagged(tag, nowMs);
    });
    return { count, degraded: false };
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    return this.#write(options, (rows) => rows.forgetAll());
  }

  async increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    requireCacheKey(key);
    const delta = requireCounterDelta(options?.delta);
    const lifeMs = this.#lifeMs(options?.ttl);
    const value = await this.#write(options, ({ counters }, nowMs) =>
      counters.add(key, delta, { nowMs, expiresMs: endOf(lifeMs, nowMs) }),
    );
    return { outcome: "counted", value };
  }

  statistics(): CacheStatistics {
    const entries = this.#file.rows?.entries;
    return this.#statistics.read({ entries: entries?.size ?? null, evictions: entries?.evictions ?? null });
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.#read(options, ({ removals }) => removals.last);
  }

  /** Drops what has expired, in turns with others. What fails is tried again the next time. */
  async sweep(): Promise<void> {
    try {
      await this.#file.transaction(({ counters }) => counters.sweep(this.#nowMs()));
      while (await this.#file.transaction(({ entries }) => entries.sweep(this.#nowMs()))) await nextTurn();
    } catch {
      // Callers hear of a failing file themselves.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    this.#file.close();
  }

  #look<T extends JsonValue>(
    { entries, removals }: CacheRows,
    key: string,
    { tags, nowMs }: { tags: readonly string[]; nowMs: number },
  ): CacheLookup<T> {
    const text = entries.find(key, nowMs);
    const value = text === undefined ? undefined : this.#valueOf(text);
    if (value === undefined) {
      this.#statistics.miss();
      return { hit: false, lease: removals.issue(tags, nowMs), degraded: false };
    }
    this.#statistics.hit();
    return { hit: true, value: value as T };
  }

  #valueOf(text: string): JsonValue | undefined {
    try {
      return JSON.parse(text) as JsonValue;
    } catch {
      // Somebody else wrote to the file; the entry is loaded again.
      this.#statistics.error();
      return undefined;
    }
  }

  async #store(key: string, text: string, options: CacheSetOptions = {}): Promise<CacheSetOutcome> {
    const { ttl, lease } = options;
    requireCacheKey(key);
    const tags = requireCacheTags(options.tags);
    const lifeMs = this.#lifeMs(ttl);
    return this.#write(options, ({ entries, removals }, nowMs) => {
      if (lease !== undefined && removals.isOutdated(lease, { key, nowMs })) return "refused";
      entries.set(key, { text, tags, expiresMs: endOf(lifeMs, nowMs) }, nowMs);
      return "stored";
    });
  }

  /** Loads under way of what was removed since, by whichever process, are for those alone who asked before. */
  async #hearOfRemovals(options: CallOptions | undefined): Promise<void> {
    try {
      await this.#file.run(({ removals }) => {
        const { last } = removals;
        if (last === this.#knownRemoval) return;
        const keys = removals.keysSince(this.#knownRemoval);
        if (keys === "all") this.#loads.outdateAll();
        else this.#loads.outdate(keys);
        this.#knownRemoval = last;
      }, options?.signal);
    } catch (error) {
      // The cached read itself does without the tier.
      if (!isTierFailure(error)) throw error;
    }
  }

  #nowMs(): number {
    return Date.parse(this.#options.clock.now());
  }

  #lifeMs(ttl: CacheTtl | undefined): number | undefined {
    return requireCacheTtl(ttl ?? this.#options.defaultTtlMs);
  }

  #read<T>(options: CallOptions | undefined, work: (rows: CacheRows, nowMs: number) => T): Promise<T> {
    return this.#measured(() => this.#file.run((rows) => work(rows, this.#nowMs()), options?.signal));
  }

  #write<T>(options: CallOptions | undefined, work: (rows: CacheRows, nowMs: number) => T): Promise<T> {
    return this.#measured(() => this.#file.transaction((rows) => work(rows, this.#nowMs()), options?.signal));
  }

  async #measured<T>(call: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      const result = await call();
      this.#statistics.called(startedMs);
      return result;
    } catch (error) {
      if (isTierFailure(error)) {
        this.#statistics.error();
        this.#statistics.called(startedMs);
      }
      throw error;
    }
  }
}

function endOf(lifeMs: number | undefined, nowMs: number): number {
  return lifeMs === undefined ? Number.MAX_SAFE_INTEGER : nowMs + lifeMs;
}
