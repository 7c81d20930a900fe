import type { AuditWriter } from "../audit/audit-store.ts";
import type { CustomerId, TenantId } from "../identifiers.ts";
import { SchemaCacheKeys } from "../schema/schema-cache-keys.ts";
import type { CachedReads, StaleEntries } from "../storage/cache/cached-reads.ts";
import { WalletCacheKeys } from "../wallets/wallet-cache.ts";
import { auditEvent, type UseCaseContext } from "./profile-audit.ts";
import { ProfileCacheKeys } from "./profile-cache-keys.ts";

/** One customer, or everything of the tenant. */
export type CacheScope = { readonly customerId: CustomerId } | { readonly all: true };

export interface CacheInvalidation {
  /** False when nothing is cached, and nothing was to be done. */
  readonly enabled: boolean;
  /** How many entries are gone by it. */
  readonly removed: number;
  /** The cache could not be asked, but will have done it by the time it is read again. */
  readonly degraded: boolean;
}

export interface ProfileCacheServiceOptions {
  readonly tenantId: TenantId;
  /** Without a cache there is nothing to invalidate. */
  readonly reads: CachedReads | undefined;
  readonly audit: AuditWriter;
  readonly useCase: UseCaseContext;
}

/** For whoever changed data behind the vault's back. */
export class ProfileCacheService {
  readonly #options: ProfileCacheServiceOptions;

  constructor(options: ProfileCacheServiceOptions) {
    this.#options = options;
  }

  /**
   * Makes the next reads of a customer, or of everything of the tenant, come from the database. Whether there is such a
   * customer is not asked: it may be gone from the database and not from the cache. What is remembered of identities and
   * external ids that lead nowhere is forgotten only with everything.
   */
  async invalidate(scope: CacheScope): Promise<CacheInvalidation> {
    const { tenantId, reads, audit, useCase } = this.#options;
    const customerId = "customerId" in scope ? scope.customerId : null;
    const event = { eventType: "cache_invalidated", customerId, at: useCase.clock.now() } as const;
    await audit.append([auditEvent(useCase, { ...event, data: { scope: customerId === null ? "all" : "customer" } })]);
    if (!reads) return { enabled: false, removed: 0, degraded: false };
    const { count, degraded } = await reads.remove(tenantId, ["request"], this.#entriesOf(customerId));
    return { enabled: true, removed: count, degraded };
  }

  #entriesOf(customerId: CustomerId | null): StaleEntries {
    const keys = new ProfileCacheKeys(this.#options.tenantId);
    if (customerId !== null) return { keys: [keys.profile(customerId)], tags: [] };
    const { tenantId } = this.#options;
    return { keys: [], tags: [keys.tag, new SchemaCacheKeys(tenantId).tag, new WalletCacheKeys(tenantId).tag] };
  }
}
