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
import { type ObservedOperation, UNOBSERVED } from "./observed-operation.ts";
import type { TierObserver } from "./tier-observer.ts";

const NO_SUBJECT = {};

/**
 * A cache within this process, which cannot be out of order and needs no guard, but is watched like the others. Cached
 * reads that load (`getOrSet`) are among the lookups and not among the calls: they take as long as their load.
 */
export class ObservedCacheStore implements CacheStore {
  readonly #inner: CacheStore;
  readonly #observer: TierObserver;
  readonly #operations = new Map<string, ObservedOperation>();
  readonly #unwatch: () => void;
  readonly #get: ObservedOperation;

  constructor(inner: CacheStore, observer: TierObserver) {
    this.#inner = inner;
    this.#observer = observer;
    this.#get = this.#operation("get");
    this.#unwatch = observer.watch(() => {
      const { hits, misses } = inner.statistics();
      return { circuitState: 0, isDegraded: false, cacheLookups: { hit: hits, miss: misses, bypass: 0 } };
    });
  }

  get capabilities(): CacheCapabilities {
    return this.#inner.capabilities;
  }

  get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    const observation = this.#observer.observe(this.#get, NO_SUBJECT);
    if (observation === UNOBSERVED) return this.#inner.get<T>(key, options);
    return observedBy(observation, () => this.#inner.get<T>(key, options));
  }

  getMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<readonly CacheLookup<T>[]> {
    return this.#observed("getMany", () => this.#inner.getMany<T>(keys, options));
  }

  set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    return this.#observed("set", () => this.#inner.set(key, value, options));
  }

  remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#observed("remove", () => this.#inner.remove(key, options));
  }

  removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    return this.#observed("remove", () => this.#inner.removeMany(keys, options));
  }

  exists(key: string, options?: CallOptions): Promise<boolean> {
    return this.#observed("exists", () => this.#inner.exists(key, options));
  }

  getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    return this.#inner.getOrSet(key, load, options);
  }

  removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#observed("removeByPattern", () => this.#inner.removeByPattern(pattern, options));
  }

  removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#observed("removeByTag", () => this.#inner.removeByTag(tag, options));
  }

  invalidateAll(options?: CallOptions): Promise<void> {
    return this.#observed("invalidateAll", () => this.#inner.invalidateAll(options));
  }

  increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    return this.#observed("increment", () => this.#inner.increment(key, options));
  }

  statistics(): CacheStatistics {
    return this.#inner.statistics();
  }

  ping(options?: CallOptions): Promise<void> {
    return this.#inner.ping(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unwatch();
    await this.#inner[Symbol.asyncDispose]();
  }

  #observed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const observation = this.#observer.observe(this.#operation(name), NO_SUBJECT);
    return observation === UNOBSERVED ? work() : observedBy(observation, work);
  }

  #operation(name: string): ObservedOperation {
    const known = this.#operations.get(name);
    if (known) return known;
    const made = this.#observer.operation(name, `storage.cache.${name}`);
    this.#operations.set(name, made);
    return made;
  }
}

function observedBy<T>(observation: ReturnType<TierObserver["observe"]>, work: () => Promise<T>): Promise<T> {
  return observation.begin(work).then(
    (value) => {
      observation.succeeded();
      return value;
    },
    (error: unknown) => {
      observation.failed(error);
      throw error;
    },
  );
}

export function observedCacheStore(inner: CacheStore, observer: TierObserver): ObservedCacheStore {
  return new ObservedCacheStore(inner, observer);
}
