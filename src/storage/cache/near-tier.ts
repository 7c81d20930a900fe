import type { JsonValue } from "../../json.ts";
import type {
  CacheGetOptions,
  CacheLease,
  CacheLookup,
  CacheSetOptions,
  CacheSetOutcome,
  CacheStore,
  CacheTtl,
} from "../cache-store.ts";
import type { Invalidation, InvalidationChannel } from "./invalidation-channel.ts";

/** A cache in this process that can also be used at once, without a promise. */
export interface NearStore extends CacheStore {
  /** The same as `get`. */
  peek<T extends JsonValue>(key: string, options?: CacheGetOptions): CacheLookup<T>;
  /** A hit, which is counted, or `undefined`: a miss that is not counted, because it is looked for elsewhere. */
  find<T extends JsonValue>(key: string): (CacheLookup<T> & { readonly hit: true }) | undefined;
  /** What a miss of now would come with; of use for any key. */
  issueLease(tags: readonly string[]): CacheLease;
  /** True when `set` would refuse it. */
  isOutdated(lease: CacheLease, key: string): boolean;
  /**
   * The same as `set` with arguments that were checked, and with a value that is nobody else's to change: it is frozen.
   */
  adopt(key: string, value: JsonValue, options: CacheSetOptions): CacheSetOutcome;
  /** The same as `removeMany` without its limit. */
  forgetKeys(keys: readonly string[]): number;
  /** The same as `removeByTag`. */
  forgetTag(tag: string): number;
  /** The same as `invalidateAll`. */
  clear(): void;
}

/** The tag of entries that were got without their tags being named: they may have any. */
const UNKNOWN_TAG = "\u{f0000}tags unknown";
const TAGS_UNKNOWN: readonly string[] = [UNKNOWN_TAG];

interface NearEntry {
  readonly lease: CacheLease;
  /** `undefined` when they are not known. */
  readonly tags?: readonly string[] | undefined;
  readonly ttl: CacheTtl;
}

/**
 * What this process keeps for itself, as long as it hears what the others change. While it does not, nothing is kept
 * and nothing found, so that nothing found is older than a second.
 */
export class NearTier {
  readonly #store: NearStore;
  readonly #channel: InvalidationChannel;
  readonly #ttlMaxMs: number;
  readonly #unsubscribe: () => void;

  constructor(store: NearStore, channel: InvalidationChannel, ttlMaxMs: number) {
    this.#store = store;
    this.#channel = channel;
    this.#ttlMaxMs = ttlMaxMs;
    this.#unsubscribe = channel.subscribe({
      onInvalidation: (invalidation) => this.#forget(invalidation),
      onInterrupted: () => store.clear(),
    });
  }

  isConnected(): boolean {
    return this.#channel.isConnected();
  }

  /** A hit, or `undefined`. */
  find<T extends JsonValue>(key: string): (CacheLookup<T> & { readonly hit: true }) | undefined {
    return this.#channel.isConnected() ? this.#store.find<T>(key) : undefined;
  }

  /**
   * To be taken before what will be kept is read or written elsewhere; `undefined` when nothing is to be kept.
   *
   * @param tags of the entry, `undefined` when they are not known
   */
  lease(tags: readonly string[] | undefined): CacheLease | undefined {
    return this.#channel.isConnected() ? this.#store.issueLease(tags ?? TAGS_UNKNOWN) : undefined;
  }

  /** Keeps what was read elsewhere, unless it was removed since the lease. */
  keep(key: string, value: JsonValue, entry: NearEntry): void {
    const { lease, tags = TAGS_UNKNOWN } = entry;
    this.#store.adopt(key, value, { ttl: this.#lifeOf(entry.ttl), tags, lease });
  }

  /**
   * Keeps what was written elsewhere, unless it was removed since the lease; what was read there before is outdated.
   */
  replace(key: string, value: JsonValue, entry: NearEntry): void {
    const isValid = !this.#store.isOutdated(entry.lease, key);
    this.#store.forgetKeys([key]);
    if (isValid) this.keep(key, value, { ...entry, lease: this.#store.issueLease([]) });
  }

  forgetKey(key: string): void {
    this.#store.forgetKeys([key]);
  }

  /** Forgets it here and in all other processes; false when they cannot be told now. */
  invalidate(invalidation: Invalidation): Promise<boolean> {
    this.#forget(invalidation);
    return this.#channel.publish(invalidation);
  }

  publish(invalidation: Invalidation): Promise<boolean> {
    return this.#channel.publish(invalidation);
  }

  close(): void {
    this.#unsubscribe();
  }

  #lifeOf(ttl: CacheTtl): number {
    return ttl === "none" ? this.#ttlMaxMs : Math.min(ttl, this.#ttlMaxMs);
  }

  #forget(invalidation: Invalidation): void {
    if (invalidation.what === "all") this.#store.clear();
    else if (invalidation.what === "keys") this.#store.forgetKeys(invalidation.names);
    else for (const tag of [...invalidation.names, UNKNOWN_TAG]) this.#store.forgetTag(tag);
  }
}
