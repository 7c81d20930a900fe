import { isVaultError, VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { JsonValue } from "../../json.ts";
import type {
  CacheInvalidationReason,
  CacheKeyType,
  ProfileCacheEvents,
} from "../../telemetry/profile-cache-events.ts";
import type { CacheLease, CacheLookup, CacheRemoval, CacheStore } from "../cache-store.ts";
import { CACHE_BATCH_MAX } from "./cache-key.ts";
import { deepFreeze } from "./cache-value.ts";
import { isTierFailure } from "./load-through.ts";
import { SingleFlight } from "./single-flight.ts";

/** One kind of entries of one tenant. */
export interface CachedKind<T> {
  readonly event: { readonly tenantId: TenantId; readonly keyType: CacheKeyType };
  /** What every entry is tagged with. */
  readonly tagged: { readonly tags: readonly string[] };
  /** What is kept of a value; it may hold the value itself. */
  encode(value: T): JsonValue;
  /** `undefined` for what no value of today was made into. Never throws. */
  decode(stored: JsonValue, key: string): T | undefined;
  /** Milliseconds to keep the value at most; 0 does not keep it. */
  lifeMs(value: T): number;
}

/** Nothing was found. Who loads the value hands this in with it. */
export class CacheMiss {
  /** Without one, nothing can be kept. */
  readonly lease: CacheLease | undefined;

  constructor(lease: CacheLease | undefined) {
    this.lease = lease;
  }
}

export interface CachedReadsOptions {
  readonly cache: CacheStore;
  /** Whether reads and writes go on without a cache that fails; if not, its failures are theirs. */
  readonly fallbackOnError: boolean;
  readonly events: ProfileCacheEvents;
  /** From 0 up to 1, for the variation of lives. */
  readonly random?: (() => number) | undefined;
}

/** What a write made old. */
export interface StaleEntries {
  readonly keys: readonly string[];
  readonly tags: readonly string[];
}

/**
 * Reads through the hot tier, with what all of them need: one load for all who ask for a key at once, nothing kept that
 * a write made old meanwhile, and a database that answers when the tier does not. One for all tenants of a process.
 *
 * Every method rejects with `storage_unavailable` or `storage_timeout` when the tier fails and reads do not fall back.
 */
export class CachedReads {
  readonly #cache: CacheStore;
  readonly #fallbackOnError: boolean;
  readonly #events: ProfileCacheEvents;
  readonly #random: () => number;
  readonly #loads = new SingleFlight<unknown>();

  constructor({ cache, fallbackOnError, events, random = Math.random }: CachedReadsOptions) {
    this.#cache = cache;
    this.#fallbackOnError = fallbackOnError;
    this.#events = events;
    this.#random = random;
  }

  /** What is kept under the key. An entry that says nothing of today is removed, and missed. */
  async find<T>(key: string, kind: CachedKind<T>): Promise<T | CacheMiss> {
    let lookup: CacheLookup<JsonValue>;
    try {
      lookup = await this.look(key, kind);
    } catch (error) {
      return this.missed(key, kind, error);
    }
    const value = this.hit(lookup, key, kind);
    return value === undefined ? this.missed(key, kind, lookup) : value;
  }

  /** The first step of `find`, for who has to save every promise: rejects as the tier does. */
  look<T>(key: string, kind: CachedKind<T>): Promise<CacheLookup<JsonValue>> {
    return this.#cache.get(key, kind.tagged);
  }

  /** The second step: what was found, if anything was that says something of today. */
  hit<T>(lookup: CacheLookup<JsonValue>, key: string, kind: CachedKind<T>): T | undefined {
    if (!lookup.hit) return undefined;
    const value = kind.decode(lookup.value, key);
    if (value !== undefined) this.#events.profileCacheHit(kind.event);
    return value;
  }

  /** The third step, when it was nothing, or when looking failed. */
  async missed<T>(key: string, kind: CachedKind<T>, lookup: unknown): Promise<CacheMiss> {
    if (!isLookup(lookup)) {
      this.#failed(kind, "get", lookup);
      return this.#missed(kind, undefined);
    }
    if (lookup.hit) return this.#replace(key, kind);
    if (lookup.degraded) this.#failed(kind, "get", undefined);
    return this.#missed(kind, lookup.lease);
  }

  #missed<T>({ event }: CachedKind<T>, lease: CacheLease | undefined): CacheMiss {
    this.#events.profileCacheMiss(event);
    return new CacheMiss(lease);
  }

  /** A value may take the place of a broken entry only under a lease, which is to be had where nothing is. */
  async #replace<T>(key: string, kind: CachedKind<T>): Promise<CacheMiss> {
    try {
      await this.#cache.remove(key);
      const lookup = await this.#cache.get(key, kind.tagged);
      return this.#missed(kind, lookup.hit ? undefined : lookup.lease);
    } catch (error) {
      this.#failed(kind, "get", error);
      return this.#missed(kind, undefined);
    }
  }

  /**
   * Loads a value that was missed, once for all who miss it at once, and keeps it unless it is old by then. The value is
   * frozen, since it is everybody's.
   */
  load<T>(key: string, kind: CachedKind<T>, { miss, load }: { miss: CacheMiss; load: () => Promise<T> }): Promise<T> {
    const work = async (): Promise<T> => {
      const value = deepFreeze((await load()) as JsonValue) as T;
      if (miss.lease !== undefined) await this.keep(key, kind, { value, lease: miss.lease });
      return value;
    };
    return this.#loads.run(key, work) as Promise<T>;
  }

  /** Without a lease, for what can be told from another entry to be right or wrong. */
  async keep<T>(key: string, kind: CachedKind<T>, { value, lease }: { value: T; lease?: CacheLease }): Promise<void> {
    const lifeMs = kind.lifeMs(value);
    if (lifeMs === 0) return;
    // Shorter by up to a tenth, so that what was loaded together does not expire together.
    const ttl = Math.max(1, Math.round(lifeMs * (1 - LIFE_VARIATION * this.#random())));
    try {
      const outcome = await this.#cache.set(key, kind.encode(value), { ttl, ...kind.tagged, lease });
      if (outcome === "skipped") this.#failed(kind, "set", undefined);
      else this.#events.profileCacheSet({ ...kind.event, outcome });
    } catch (error) {
      this.#failed(kind, "set", error);
    }
  }

  /**
   * Removes what a write made old, after it was committed: what was read before is neither kept nor joined from now on.
   * `degraded`: the tier did not do all of it, but will have by the time it answers reads again.
   */
  async remove(
    tenantId: TenantId,
    operations: Iterable<CacheInvalidationReason>,
    { keys, tags }: StaleEntries,
  ): Promise<CacheRemoval> {
    if (tags.length > 0) this.#loads.detachAll();
    for (const key of keys) this.#loads.detach(key);
    const sum = { count: 0, degraded: false };
    let failure: unknown;
    // The others are removed also when one of them fails.
    for (const removal of this.#removalsOf({ keys, tags })) {
      try {
        const { count, degraded } = await removal();
        sum.count += count;
        sum.degraded ||= degraded;
      } catch (error) {
        sum.degraded = true;
        failure ??= error;
      }
    }
    for (const operation of operations) this.#events.profileCacheInvalidated({ tenantId, operation });
    if (sum.degraded) this.#failed({ event: { tenantId } }, "invalidate", failure);
    return sum;
  }

  #removalsOf({ keys, tags }: StaleEntries): (() => Promise<CacheRemoval>)[] {
    const removals = tags.map((tag) => () => this.#cache.removeByTag(tag));
    for (let start = 0; start < keys.length; start += CACHE_BATCH_MAX) {
      removals.push(() => this.#cache.removeMany(keys.slice(start, start + CACHE_BATCH_MAX)));
    }
    return removals;
  }

  /**
   * @param error `undefined` when the tier said that it was not asked
   * @throws the failure of the tier, unless the caller goes on without it
   */
  #failed(
    { event: { tenantId } }: { readonly event: { readonly tenantId: TenantId } },
    operation: "get" | "set" | "invalidate",
    error: unknown,
  ): void {
    const code = isVaultError(error) ? error.code : null;
    this.#events.profileCacheFailed({ tenantId, operation, code });
    if (this.#fallbackOnError) return;
    if (error === undefined) throw new VaultError("storage_unavailable", "The cache does not answer.");
    if (error instanceof VaultError && isTierFailure(error)) throw error;
  }
}

function isLookup(value: unknown): value is CacheLookup<JsonValue> {
  return typeof value === "object" && value !== null && "hit" in value;
}

/** A life is shorter than it could be by up to this part of it. */
const LIFE_VARIATION = 0.1;
