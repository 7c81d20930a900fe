import type { TenantId } from "../identifiers.ts";
import type { CounterCell } from "./counter.ts";
import type { Logger } from "./logger.ts";
import type { Meters } from "./meters.ts";

/** What a key of the cache names. */
export const CACHE_KEY_TYPES = ["profile", "external_id", "identity", "definitions", "requirements", "wallet"] as const;
export type CacheKeyType = (typeof CACHE_KEY_TYPES)[number];

/** Why entries were removed: the write that made them old, or somebody who asked for it. */
export type CacheInvalidationReason =
  | "create_customer"
  | "change_customer"
  | "purge"
  | "merge"
  | "expire"
  | "orphan"
  | "pii_flag"
  | "definition"
  | "requirement"
  | "wallet"
  | "request";

interface CacheKeyEvent {
  readonly tenantId: TenantId;
  readonly keyType: CacheKeyType;
}

/** What happens to what is cached of profiles, schemas and wallets. Keys are not told: they may name a person. */
export interface ProfileCacheEvents {
  profileCacheHit(event: CacheKeyEvent): void;
  profileCacheMiss(event: CacheKeyEvent): void;
  /** `refused`: a write came between the reading and the keeping of a value. */
  profileCacheSet(event: CacheKeyEvent & { readonly outcome: "stored" | "refused" }): void;
  profileCacheInvalidated(event: { readonly tenantId: TenantId; readonly operation: CacheInvalidationReason }): void;
  /**
   * The cache did not do its part. `code` is that of the error it answered with; `null` when it did without one,
   * because its failures are watched over, and told, elsewhere.
   */
  profileCacheFailed(event: {
    readonly tenantId: TenantId;
    readonly operation: "get" | "set" | "invalidate";
    readonly code: string | null;
  }): void;
}

export const NO_PROFILE_CACHE_EVENTS: ProfileCacheEvents = {
  profileCacheHit: () => undefined,
  profileCacheMiss: () => undefined,
  profileCacheSet: () => undefined,
  profileCacheInvalidated: () => undefined,
  profileCacheFailed: () => undefined,
};

export function createProfileCacheEvents(logger: Logger, meters: Meters): ProfileCacheEvents {
  const { hits, misses, invalidations, errors } = meters.profileCache;
  const cells = (counter: typeof hits) =>
    Object.fromEntries(CACHE_KEY_TYPES.map((type) => [type, counter.cell({ cache_key_type: type })])) as Readonly<
      Record<CacheKeyType, CounterCell>
    >;
  const hitsOf = cells(hits);
  const missesOf = cells(misses);
  return {
    profileCacheHit(event) {
      hitsOf[event.keyType].value++;
      logger.debug(event, "profile_cache_hit");
    },
    profileCacheMiss(event) {
      missesOf[event.keyType].value++;
      logger.debug(event, "profile_cache_miss");
    },
    profileCacheSet: (event) => logger.debug(event, "profile_cache_set"),
    profileCacheInvalidated(event) {
      invalidations.cell({ operation: event.operation }).value++;
      logger.debug(event, "profile_cache_invalidated");
    },
    profileCacheFailed({ tenantId, operation, code }) {
      errors.cell({ operation }).value++;
      if (code !== null) logger.warn({ tenantId, code }, `profile_cache_${operation}_error`);
    },
  };
}
