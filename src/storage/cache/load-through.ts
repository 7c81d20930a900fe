import { isVaultError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { CacheLease, CacheLoadOptions, CacheLookup, CacheSetOptions, CacheTtl } from "../cache-store.ts";
import { requireCacheKey, requireCacheTags, requireCacheTtl } from "./cache-key.ts";
import { cacheTextOf, deepFreeze, frozenValue } from "./cache-value.ts";
import { type FlightView, SingleFlight } from "./single-flight.ts";

/** The two steps of a cached read that an engine does: looking, and storing what was loaded. */
export interface LoadThroughTier {
  look<T extends JsonValue>(key: string, options: CacheLoadOptions<T>, signal: AbortSignal): Promise<CacheLookup<T>>;
  store(key: string, text: string, options: CacheSetOptions): Promise<unknown>;
}

export interface LoadThroughOptions {
  readonly defaultTtlMs: number;
  /** From 0 up to 1, for the variation of lives. */
  readonly random: () => number;
}

export type Load<T> = (signal: AbortSignal) => Promise<T>;

/** `getOrSet` for every engine: one look and one load for all who ask for a key at once. */
export class LoadThrough {
  readonly #flights = new SingleFlight<JsonValue>();
  readonly #tier: LoadThroughTier;
  readonly #options: LoadThroughOptions;

  constructor(tier: LoadThroughTier, options: LoadThroughOptions) {
    this.#tier = tier;
    this.#options = options;
  }

  async get<T extends JsonValue>(key: string, load: Load<T>, options: CacheLoadOptions<T> = {}): Promise<T> {
    requireCacheKey(key);
    const tags = requireCacheTags(options.tags);
    if (options.ttl !== undefined) requireCacheTtl(options.ttl);
    const work = (view: FlightView): Promise<T> => this.#fly(key, load, { ...options, tags, view });
    return (await this.#flights.run(key, work, options.signal)) as T;
  }

  /** After a removal: what is being loaded for these keys may be old, and is for those alone who asked before. */
  outdate(keys: readonly string[]): void {
    for (const key of keys) this.#flights.detach(key);
  }

  /** After a removal of which it cannot be told cheaply whom it concerns. */
  outdateAll(): void {
    this.#flights.detachAll();
  }

  async #fly<T extends JsonValue>(
    key: string,
    load: Load<T>,
    options: CacheLoadOptions<T> & { view: FlightView },
  ): Promise<T> {
    const { view } = options;
    const lookup = await this.#look<T>(key, options);
    if (lookup.hit) return view.endBoarding() ? deepFreeze(lookup.value) : lookup.value;
    const value = await load(view.signal);
    const text = cacheTextOf(value);
    if (!lookup.degraded)
      await this.#store(key, text, { ...options, lease: lookup.lease, ttl: this.#lifeOf(value, options) });
    return view.endBoarding() ? frozenValue(text) : value;
  }

  async #look<T extends JsonValue>(
    key: string,
    options: CacheLoadOptions<T> & { view: FlightView },
  ): Promise<CacheLookup<T>> {
    try {
      return await this.#tier.look<T>(key, options, options.view.signal);
    } catch (error) {
      if (!isTierFailure(error)) throw error;
      return DEGRADED_MISS;
    }
  }

  async #store(
    key: string,
    text: string,
    {
      tags,
      ttl,
      lease,
      view,
    }: { tags?: readonly string[] | undefined; ttl: CacheTtl; lease: CacheLease | undefined; view: FlightView },
  ): Promise<void> {
    if (ttl === 0 || view.signal.aborted) return;
    try {
      await this.#tier.store(key, text, { tags, ttl, lease, signal: view.signal });
    } catch (error) {
      if (!isTierFailure(error)) throw error;
    }
  }

  #lifeOf<T extends JsonValue>(value: T, { ttl, ttlOf }: CacheLoadOptions<T>): CacheTtl {
    const life = ttlOf?.(value) ?? ttl ?? this.#options.defaultTtlMs;
    if (life === 0 || life === "none") return life;
    requireCacheTtl(life);
    return Math.max(1, Math.round(life * (1 + JITTER * (2 * this.#options.random() - 1))));
  }
}

/** The lookup of a tier that was not asked, or did not answer. */
export const DEGRADED_MISS = Object.freeze({ hit: false, lease: undefined, degraded: true } as const);

/** True for what a tier's failure looks like, after which a cached read goes on without the tier. */
export function isTierFailure(error: unknown): boolean {
  return isVaultError(error, "storage_unavailable") || isVaultError(error, "storage_timeout");
}

/** A life is varied by up to a tenth, to either side. */
const JITTER = 0.1;
