import { VaultError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import { CACHE_TTL_DEFAULT_MS } from "../cache-key.ts";
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
import { LoadThrough } from "../load-through.ts";
import { abortedError, untilAborted } from "../until-aborted.ts";
import { cacheOperations } from "./cache-operations.ts";
import type { Recovery } from "./circuit-breaker.ts";
import { LostRemovals, type Removal } from "./lost-removals.ts";
import { deadlineError, isRefusal } from "./storage-failure.ts";
import { type GuardedOperation, TierGuard, type TierGuardOptions } from "./tier-guard.ts";
import { within } from "./within.ts";

export interface ResilientCacheStoreOptions extends TierGuardOptions {
  /** The engine's, for what is loaded through the cache. */
  readonly defaultTtlMs?: number | undefined;
}

const MISS = Object.freeze({ hit: false, lease: undefined, degraded: true } as const);
const NOT_REMOVED: CacheRemoval = Object.freeze({ count: 0, degraded: true });
const UNKNOWN: CacheIncrement = Object.freeze({ outcome: "unknown" });
const NO_SUBJECT = {};
/** For what makes up for lost removals: longer than a call, because nobody waits for it. */
const MAKE_UP_MS = 2_000;

const degradedMiss = (): typeof MISS => MISS;
const degradedSet = (): CacheSetOutcome => "skipped";
const degradedExists = (): boolean => false;
const degradedIncrement = (): CacheIncrement => UNKNOWN;

/**
 * A cache that nobody has to fear for: what its engine cannot do comes to a miss, in time, and is never an error. A removal that the
 * engine did not confirm is made up for before anything is read from the engine again.
 *
 * Rejects with `invalid_value`, `limit_exceeded`, `aborted` and `closed`, and `ping` also with `storage_unavailable` and
 * `storage_timeout`. While the engine is out of order, arguments are not looked at.
 */
export class ResilientCacheStore implements CacheStore {
  readonly guard: TierGuard;
  readonly #inner: CacheStore;
  readonly #lost = new LostRemovals();
  readonly #loads: LoadThrough;
  readonly #operations: ReturnType<typeof cacheOperations>;
  #bypassed = 0;
  /** The engine answers, and nothing is read from it before it has made up for what was lost. */
  #isCatchingUp = false;
  #isClosed = false;

  constructor(inner: CacheStore, options: ResilientCacheStoreOptions) {
    this.#inner = inner;
    if (options.startsDown) this.#lost.remember({ by: "all" });
    this.guard = new TierGuard(options, {
      recovery: this.#recovery(),
      onChange: ({ to }) => {
        if (to !== "half-open") this.#isCatchingUp = false;
      },
      cacheLookups: () => this.#lookups(),
    });
    this.#operations = cacheOperations(this.guard);
    this.#loads = new LoadThrough(
      {
        look: (key, { tags }, signal) => this.get(key, { tags, signal }),
        store: (key, text, setting) => this.set(key, JSON.parse(text) as JsonValue, setting),
      },
      { defaultTtlMs: options.defaultTtlMs ?? CACHE_TTL_DEFAULT_MS, random: options.random ?? Math.random },
    );
  }

  get capabilities(): CacheCapabilities {
    return this.#inner.capabilities;
  }

  get<T extends JsonValue>(key: string, options?: CacheGetOptions): Promise<CacheLookup<T>> {
    const work = (): Promise<CacheLookup<T>> => this.#inner.get<T>(key, options);
    return this.#call<CacheLookup<T>>(this.#operations.get, { work, fallback: degradedMiss, options, lookups: 1 });
  }

  getMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<readonly CacheLookup<T>[]> {
    const work = (): Promise<readonly CacheLookup<T>[]> => this.#inner.getMany<T>(keys, options);
    const fallback = (): readonly CacheLookup<T>[] => keys.map(degradedMiss);
    return this.#call(this.#operations.getMany, { work, fallback, options, lookups: keys.length });
  }

  set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    const work = (): Promise<CacheSetOutcome> => this.#inner.set(key, value, options);
    return this.#call(this.#operations.set, { work, fallback: degradedSet, options });
  }

  exists(key: string, options?: CallOptions): Promise<boolean> {
    const work = (): Promise<boolean> => this.#inner.exists(key, options);
    return this.#call(this.#operations.exists, { work, fallback: degradedExists, options });
  }

  increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    const work = (): Promise<CacheIncrement> => this.#inner.increment(key, options);
    return this.#call(this.#operations.increment, { work, fallback: degradedIncrement, options });
  }

  remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    this.#loads.outdate([key]);
    const removal = { by: "keys", keys: [key] } as const;
    return this.#remove(removal, { work: () => this.#inner.remove(key), options });
  }

  removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    this.#loads.outdate(keys);
    return this.#remove({ by: "keys", keys }, { work: () => this.#inner.removeMany(keys), options });
  }

  removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    this.#loads.outdateAll();
    return this.#remove({ by: "pattern", pattern }, { work: () => this.#inner.removeByPattern(pattern), options });
  }

  removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    this.#loads.outdateAll();
    return this.#remove({ by: "tag", tag }, { work: () => this.#inner.removeByTag(tag), options });
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    this.#loads.outdateAll();
    const work = async (): Promise<CacheRemoval> => {
      await this.#inner.invalidateAll();
      return { count: 0, degraded: false };
    };
    await this.#remove({ by: "all" }, { work, options });
  }

  async getOrSet<T extends JsonValue>(
    key: string,
    load: (signal: AbortSignal) => Promise<T>,
    options?: CacheLoadOptions<T>,
  ): Promise<T> {
    this.#requireOpen();
    return this.#loads.get(key, load, options);
  }

  /** The engine's, with what it was not asked among the errors. */
  statistics(): CacheStatistics {
    const statistics = this.#inner.statistics();
    return { ...statistics, errors: statistics.errors + this.#bypassed };
  }

  /** Of the engine itself, also while it is not called for anything else. */
  async ping(options?: CallOptions): Promise<void> {
    this.#requireOpen();
    await this.#inner.ping(options);
    this.guard.breaker.tryNow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.guard.dispose();
    await this.#inner[Symbol.asyncDispose]();
  }

  #call<T>(operation: GuardedOperation, { work, fallback, options, lookups = 0 }: CacheCall<T>): Promise<T> {
    const { guard } = this;
    const signal = options?.signal;
    if (!guard.breaker.isClosed) return this.#bypass(operation, { work, fallback, options, lookups });
    const turnedAway = (error: unknown): T => {
      if (isRefusal(error)) this.#bypassed += lookups;
      return fallback();
    };
    return guard.run({ operation, subject: NO_SUBJECT, signal, fallback: turnedAway }, work);
  }

  /** No error is made for it: during an outage it is what every call comes to. */
  async #bypass<T>(operation: GuardedOperation, { fallback, options, lookups = 0 }: CacheCall<T>): Promise<T> {
    this.#requireOpen();
    if (options?.signal?.aborted) throw abortedError();
    this.#bypassed += lookups;
    this.guard.observer.countTurnedAway(operation.observed);
    return fallback();
  }

  /** Not told when its caller gives up: half a removal is none. */
  #remove(
    removal: Removal,
    { work, options }: Pick<CacheCall<CacheRemoval>, "work" | "options">,
  ): Promise<CacheRemoval> {
    const operation = this.#operations.remove[removal.by];
    const fallback = (): CacheRemoval => this.#lose(removal);
    const isLetThrough = this.guard.breaker.isClosed || this.#isCatchingUp;
    return untilAborted(options?.signal, () => {
      if (!isLetThrough) return this.#bypass(operation, { work, fallback, options: undefined });
      return this.guard.run({ operation, subject: NO_SUBJECT, signal: undefined, fallback, isUrgent: true }, work);
    });
  }

  #lose(removal: Removal): CacheRemoval {
    const { breaker } = this.guard;
    this.#lost.remember(breaker.isClosed ? removal : { by: "all" });
    // What was to be removed must not be read: the engine is asked for nothing else until it is, which is tried at once.
    if (breaker.isClosed) breaker.open(0);
    return NOT_REMOVED;
  }

  #recovery(): Recovery {
    return {
      attempt: async () => {
        try {
          const { policy, tier, timers } = this.guard;
          const error = () => deadlineError(tier);
          await within(timers, { ms: policy.deadlineMs ?? MAKE_UP_MS, error }, () => this.#inner.ping());
          this.#isCatchingUp = true;
          await within(timers, { ms: MAKE_UP_MS, error }, () => this.#lost.makeUp(this.#inner));
        } catch (error) {
          this.#lost.widen();
          throw error;
        }
      },
      isComplete: () => this.#lost.isEmpty,
    };
  }

  #lookups() {
    const { hits, misses } = this.#inner.statistics();
    return { hit: hits, miss: misses, bypass: this.#bypassed };
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new VaultError("closed", "The cache was closed.");
  }
}

interface CacheCall<T> {
  readonly work: () => Promise<T>;
  readonly fallback: () => T;
  readonly options: CallOptions | undefined;
  /** How many keys it looks up. */
  readonly lookups?: number | undefined;
}

export function resilientCacheStore(inner: CacheStore, options: ResilientCacheStoreOptions): ResilientCacheStore {
  return new ResilientCacheStore(inner, options);
}
