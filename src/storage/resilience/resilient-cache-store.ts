import { VaultError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import { CACHE_TTL_DEFAULT_MS } from "../cache/cache-key.ts";
import { DEGRADED_MISS, LoadThrough } from "../cache/load-through.ts";
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
import { abortedError, untilAborted } from "../until-aborted.ts";
import { cacheOperations } from "./cache-operations.ts";
import type { Recovery } from "./circuit-breaker.ts";
import { LostRemovals, type Removal } from "./lost-removals.ts";
import { deadlineError, isRefusal } from "./storage-failure.ts";
import { type GuardedCall, TierGuard, type TierGuardOptions } from "./tier-guard.ts";
import { within } from "./within.ts";

export interface ResilientCacheStoreOptions extends TierGuardOptions {
  /** The engine's, for what is loaded through the cache. */
  readonly defaultTtlMs?: number | undefined;
}

const NOT_REMOVED: CacheRemoval = Object.freeze({ count: 0, degraded: true });
const UNKNOWN: CacheIncrement = Object.freeze({ outcome: "unknown" });
const NO_SUBJECT = {};
/** For what makes up for lost removals: longer than a call, because nobody waits for it. */
const MAKE_UP_MS = 2_000;

const skipped = (): CacheSetOutcome => "skipped";
const isAbsent = (): boolean => false;
const uncounted = (): CacheIncrement => UNKNOWN;

/**
 * A cache that nobody has to fear for: what its engine cannot do comes to a miss, in time, and is never an error. A
 * removal that the engine did not confirm is made up for before anything is read from the engine again.
 *
 * Rejects with `invalid_value`, `limit_exceeded`, `aborted` and `closed`, and `ping` also with `storage_unavailable`
 * and `storage_timeout`. While the engine is out of order, arguments are not looked at.
 */
export class ResilientCacheStore implements CacheStore {
  readonly guard: TierGuard;
  readonly #inner: CacheStore;
  readonly #lost = new LostRemovals();
  readonly #loads: LoadThrough;
  readonly #operations: ReturnType<typeof cacheOperations>;
  readonly #onMadeUp = new Set<MadeUpListener>();
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
    return this.#call<CacheLookup<T>>(
      { operation: this.#operations.get, subject: NO_SUBJECT, signal: options?.signal, fallback: this.#miss },
      () => this.#inner.get<T>(key, options),
    );
  }

  getMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<readonly CacheLookup<T>[]> {
    const fallback = (error: unknown): readonly CacheLookup<T>[] => keys.map(() => this.#miss(error));
    return this.#call(
      { operation: this.#operations.getMany, subject: NO_SUBJECT, signal: options?.signal, fallback },
      () => this.#inner.getMany<T>(keys, options),
    );
  }

  set(key: string, value: JsonValue, options?: CacheSetOptions): Promise<CacheSetOutcome> {
    return this.#call<CacheSetOutcome>(
      { operation: this.#operations.set, subject: NO_SUBJECT, signal: options?.signal, fallback: skipped },
      () => this.#inner.set(key, value, options),
    );
  }

  exists(key: string, options?: CallOptions): Promise<boolean> {
    return this.#call<boolean>(
      { operation: this.#operations.exists, subject: NO_SUBJECT, signal: options?.signal, fallback: isAbsent },
      () => this.#inner.exists(key, options),
    );
  }

  increment(key: string, options?: CacheIncrementOptions): Promise<CacheIncrement> {
    return this.#call<CacheIncrement>(
      { operation: this.#operations.increment, subject: NO_SUBJECT, signal: options?.signal, fallback: uncounted },
      () => this.#inner.increment(key, options),
    );
  }

  remove(key: string, options?: CallOptions): Promise<CacheRemoval> {
    const removal = { by: "keys", keys: [key] } as const;
    return this.#remove(removal, options?.signal, () => this.#inner.remove(key));
  }

  removeMany(keys: readonly string[], options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove({ by: "keys", keys }, options?.signal, () => this.#inner.removeMany(keys));
  }

  removeByPattern(pattern: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove({ by: "pattern", pattern }, options?.signal, () => this.#inner.removeByPattern(pattern));
  }

  removeByTag(tag: string, options?: CallOptions): Promise<CacheRemoval> {
    return this.#remove({ by: "tag", tag }, options?.signal, () => this.#inner.removeByTag(tag));
  }

  async invalidateAll(options?: CallOptions): Promise<void> {
    await this.#remove({ by: "all" }, options?.signal, async () => {
      await this.#inner.invalidateAll();
      return { count: 0, degraded: false };
    });
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
    await this.guard.breaker.tryNow();
  }

  /**
   * Tells of removals that were lost and are done now. Whoever keeps what is read from the same engine, here or in
   * another process, has to forget it again: since the first time it may have read what was still there.
   *
   * @returns ends it
   */
  onMadeUp(listener: MadeUpListener): () => void {
    this.#onMadeUp.add(listener);
    return () => this.#onMadeUp.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.guard.dispose();
    await this.#inner[Symbol.asyncDispose]();
  }

  #call<T>(call: DegradableCall<T>, work: () => Promise<T>): Promise<T> {
    return this.guard.breaker.isClosed ? this.guard.run(call, work) : this.#bypass(call);
  }

  /** No error is made for it: during an outage it is what every call comes to. */
  async #bypass<T>({ operation, signal, fallback }: DegradableCall<T>): Promise<T> {
    this.#requireOpen();
    if (signal?.aborted) throw abortedError();
    this.guard.observer.countTurnedAway(operation.observed);
    return fallback(undefined);
  }

  /** A lookup that the engine was not asked for, or did not answer. */
  readonly #miss = (error: unknown): typeof DEGRADED_MISS => {
    // Its own failures the engine counts itself.
    if (error === undefined || isRefusal(error)) this.#bypassed++;
    return DEGRADED_MISS;
  };

  /** Not told when its caller gives up: half a removal is none. */
  #remove(removal: Removal, signal: AbortSignal | undefined, work: () => Promise<CacheRemoval>): Promise<CacheRemoval> {
    return untilAborted(signal, async () => {
      const call = {
        operation: this.#operations.remove[removal.by],
        subject: NO_SUBJECT,
        signal: undefined,
        fallback: () => this.#lose(removal),
        isUrgent: true,
      };
      const isLetThrough = this.guard.breaker.isClosed || this.#isCatchingUp;
      try {
        return await (isLetThrough ? this.guard.run(call, work) : this.#bypass(call));
      } finally {
        // What was read until now may be old, and is for those alone who asked for it until now.
        if (removal.by === "keys") this.#loads.outdate(removal.keys);
        else this.#loads.outdateAll();
      }
    });
  }

  #lose(removal: Removal): CacheRemoval {
    const { breaker } = this.guard;
    this.#lost.remember(breaker.isClosed ? removal : { by: "all" });
    // What was to be removed must not be read: the engine is asked for nothing else until it is, which is tried at
    // once.
    if (breaker.isClosed) breaker.open(0);
    return NOT_REMOVED;
  }

  #recovery(): Recovery {
    return {
      attempt: async () => {
        const isOwing = !this.#lost.isEmpty;
        try {
          const { policy, tier, timers } = this.guard;
          const error = () => deadlineError(tier);
          await within(timers, { ms: policy.deadlineMs ?? MAKE_UP_MS, error }, () => this.#inner.ping());
          this.#isCatchingUp = true;
          const removals = await within(timers, { ms: MAKE_UP_MS, error }, () => this.#lost.makeUp(this.#inner));
          for (const tell of removals.length > 0 ? this.#onMadeUp : []) tell(removals);
        } catch (error) {
          // Also what was given up halfway: nobody knows how far it came.
          if (isOwing || !this.#lost.isEmpty) this.#lost.remember({ by: "all" });
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

export type MadeUpListener = (removals: readonly Removal[]) => void;

type DegradableCall<T> = GuardedCall<T> & { readonly fallback: (error: unknown) => T };

export function resilientCacheStore(inner: CacheStore, options: ResilientCacheStoreOptions): ResilientCacheStore {
  return new ResilientCacheStore(inner, options);
}
