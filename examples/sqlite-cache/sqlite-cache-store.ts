import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type CacheCapabilities,
  type CacheGetOptions,
  type CacheIncrement,
  type CacheIncrementOptions,
  type CacheLease,
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
import type { CacheFile } from "./cache-file.ts";
import { CounterRows } from "./counter-rows.ts";
import { type EntryKey, type EntryLimits, EntryRows } from "./entry-rows.ts";
import { RemovalRows } from "./removal-rows.ts";

export interface SqliteCacheStoreOptions extends EntryLimits {
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
  readonly #entries: EntryRows;
  readonly #removals: RemovalRows;
  readonly #counters: CounterRows;
  readonly #statistics = new CacheStatisticsRecorder();
  readonly #loads: LoadThrough;
  readonly #sweeper: NodeJS.Timeout;
  /** The last removal that loads under way were told of. */
  #knownRemoval: number;

  /** @param file is closed with the store */
  constructor(file: CacheFile, options: SqliteCacheStoreOptions) {
    this.#file = file;
    this.#options = options;
    this.#entries = new EntryRows(file.database, options);
    this.#removals = new RemovalRows(file.database, options.entriesMax);
    this.#counters = new CounterRows(file.database);
    if (file.mayHaveLostRemovals) file.transaction(() => this.#forgetAll());
    this.#knownRemoval = this.#removals.last;
    this.#loads = new LoadThrough(
      {
        look: (key, { tags }, signal) => this.get(key, { tags, signal }),
        store: (key, text, setting) => this.#call(setting, () => this.#store(key, text, setting)),
      },
      { defaultTtlMs: options.defaultTtlMs, random: Math.random },
    );
    this.#sweeper = setInterval(() => void this.sweep(), options.sweepIntervalMs ?? 30_000).unref();
  }

  async get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    return this.#call(options, () => {
      requireCacheKey(key);
      const tags = requireCacheTags(options?.tags);
      const nowMs = this.#nowMs();
      return this.#look<T>(key, nowMs, () => this.#removals.issue(tags, nowMs));
    });
  }

  async getMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<CacheLookup<T>[]> {
    return this.#call(options, () => {
      requireCacheKeys(keys);
      const nowMs = this.#nowMs();
      // A lease from before the first look is good for every key.
      const lease = this.#removals.issue([], nowMs);
      return keys.map((key) => this.#look<T>(key, nowMs, () => lease));
    });
  }

  async set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    return this.#call(options, () => this.#store(key, cacheTextOf(value), options));
  }

  async remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.removeMany([key], options);
  }

  async removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove(options, () => {
      requireCacheKeys(keys);
      this.#removals.keysRemoved(keys);
      const nowMs = this.#nowMs();
      return keys.filter((key) => this.#entries.delete(key, nowMs)).length;
    });
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    return this.#call(options, () => {
      requireCacheKey(key);
      return this.#entries.find(key, this.#nowMs()) !== undefined;
    });
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
    const lastId = await this.#call(options, () =>
      this.#file.transaction(() => {
        this.#removals.allRemoved();
        return this.#entries.lastId;
      }),
    );
    let count = 0;
    let chunk = await this.#call(options, () => this.#entries.after(0, lastId));
    while (chunk.length > 0) {
      const matching = chunk.filter(({ key }) => glob.matches(key));
      const lastOfChunk = chunk.at(-1)?.id ?? lastId;
      count += (await this.#remove(options, () => this.#deleteAll(matching))).count;
      await nextTurn();
      chunk = await this.#call(options, () => this.#entries.after(lastOfChunk, lastId));
    }
    return { count, degraded: false };
  }

  async removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove(options, () => {
      requireCacheTag(tag);
      this.#removals.tagRemoved(tag);
      return this.#entries.deleteTagged(tag, this.#nowMs());
    });
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    return this.#call(options, () => this.#file.transaction(() => this.#forgetAll()));
  }

  async increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    return this.#call(options, () => {
      requireCacheKey(key);
      const delta = requireCounterDelta(options?.delta);
      const nowMs = this.#nowMs();
      const expiresMs = this.#expiresMs(options?.ttl, nowMs);
      return { outcome: "counted", value: this.#counters.add(key, delta, { nowMs, expiresMs }) };
    });
  }

  statistics(): CacheStatistics {
    const entries = this.#file.isOpen ? this.#entries.size : null;
    return this.#statistics.read({ entries, evictions: this.#entries.evictions });
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.#call(options, () => this.#removals.last);
  }

  /** Drops what has expired, in turns with others. What fails is tried again the next time. */
  async sweep(): Promise<void> {
    try {
      const { entriesMax } = this.#options;
      await this.#file.run(() => this.#file.transaction(() => this.#counters.sweep(this.#nowMs(), entriesMax)));
      while (await this.#file.run(() => this.#file.transaction(() => this.#entries.sweep(this.#nowMs())))) {
        await nextTurn();
      }
    } catch {
      // Callers hear of a failing file themselves.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    this.#file.close();
  }

  #look<T extends JsonValue>(key: string, nowMs: number, lease: () => CacheLease): CacheLookup<T> {
    const text = this.#entries.find(key, nowMs);
    const value = text === undefined ? undefined : this.#valueOf(text);
    const lookup: CacheLookup<JsonValue> =
      value === undefined ? { hit: false, lease: lease(), degraded: false } : { hit: true, value };
    if (lookup.hit) this.#statistics.hit();
    else this.#statistics.miss();
    return lookup as CacheLookup<T>;
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

  #store(
    key: string,
    text: string,
    { ttl, tags, lease }: Pick<CacheSetOptions, "ttl" | "tags" | "lease"> = {},
  ): CacheSetOutcome {
    requireCacheKey(key);
    const distinct = requireCacheTags(tags);
    const nowMs = this.#nowMs();
    const expiresMs = this.#expiresMs(ttl, nowMs);
    return this.#file.transaction(() => {
      if (lease !== undefined && this.#removals.isOutdated(lease, { key, nowMs })) return "refused";
      this.#entries.set(key, { text, tags: distinct, expiresMs }, nowMs);
      return "stored";
    });
  }

  /** Loads under way of what was removed since, by whichever process, are for those alone who asked before. */
  async #hearOfRemovals(options: CallOptions | undefined): Promise<void> {
    try {
      await this.#file.run(() => {
        const last = this.#removals.last;
        if (last === this.#knownRemoval) return;
        const keys = this.#removals.keysSince(this.#knownRemoval);
        if (keys === "all") this.#loads.outdateAll();
        else this.#loads.outdate(keys);
        this.#knownRemoval = last;
      }, options?.signal);
    } catch (error) {
      // The cached read itself does without the tier.
      if (!isTierFailure(error)) throw error;
    }
  }

  #deleteAll(entries: readonly EntryKey[]): number {
    const nowMs = this.#nowMs();
    return entries.filter(({ id }) => this.#entries.deleteById(id, nowMs)).length;
  }

  #forgetAll(): void {
    this.#removals.allRemoved();
    this.#entries.forgetAll();
  }

  #nowMs(): number {
    return Date.parse(this.#options.clock.now());
  }

  #expiresMs(ttl: CacheTtl | undefined, nowMs: number): number {
    const lifeMs = requireCacheTtl(ttl ?? this.#options.defaultTtlMs);
    return lifeMs === undefined ? Number.MAX_SAFE_INTEGER : nowMs + lifeMs;
  }

  async #remove(options: CallOptions | undefined, work: () => number): Promise<CacheRemoval> {
    const count = await this.#call(options, () => this.#file.transaction(work));
    return { count, degraded: false };
  }

  async #call<T>(options: CallOptions | undefined, work: () => T): Promise<T> {
    const startedMs = performance.now();
    try {
      const result = await this.#file.run(work, options?.signal);
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
