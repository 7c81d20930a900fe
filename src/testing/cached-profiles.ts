import { profileCacheSchema } from "../config/profile-cache-config.ts";
import { walletsConfig } from "../config/wallets-config.ts";
import { VaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { CustomerLookup } from "../profiles/profile-store.ts";
import { CachedReads } from "../storage/cache/cached-reads.ts";
import { InMemoryCacheStore } from "../storage/in-memory/in-memory-cache-store.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import type { CacheKeyType, ProfileCacheEvents } from "../telemetry/profile-cache-events.ts";
import { cachedStores } from "../vault/cached-stores.ts";
import { inMemoryStores } from "../vault/in-memory-stores.ts";
import type { Stores } from "../vault/stores.ts";
import { engineOver, type TenantUnderTest } from "./engine.ts";
import { FaultInjector, withFaults } from "./fault-injection.ts";
import { type RecordedCache, recordedCache } from "./recorded-cache.ts";

/** One tenant's stores behind a cache, with a hand on the clock, on the database and on the cache. */
export interface CachedProfiles {
  /** Behind the cache. */
  readonly tenant: TenantUnderTest;
  /** Another tenant behind the same cache. */
  readonly other: TenantUnderTest;
  /** What the tenant's database holds, past the cache. */
  readonly direct: TenantUnderTest;
  readonly database: FaultInjector;
  readonly faults: FaultInjector;
  readonly cache: RecordedCache;
  readonly reads: CachedReads;
  readonly seen: SeenEvents;
  advance(ms: number): void;
  /** How often the database was read while `work` ran, by method. */
  readsOf<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly calls: readonly string[] }>;
}

export interface CachedProfilesOptions {
  readonly config?: Parameters<typeof profileCacheSchema.parse>[0];
  readonly fallbackOnError?: boolean;
}

export async function openCachedProfiles(options: CachedProfilesOptions = {}): Promise<CachedProfiles> {
  let nowMs = 1_000_000;
  const [database, faults, seen] = [new FaultInjector(), new FaultInjector(), new SeenEvents()];
  const cache = recordedCache(withFaults(new InMemoryCacheStore({ nowMs: () => nowMs }), faults));
  const config = { profileCache: profileCacheSchema.parse(options.config ?? {}), wallets: walletsConfig.parse({}) };
  const fallbackOnError = options.fallbackOnError ?? true;
  const reads = new CachedReads({ cache: cache.cache, fallbackOnError, events: seen, random: () => 0 });
  const stores = inMemoryStores(new InMemoryDatabase());
  const cached = engineOver(cachedStores(faulty(stores, database), reads, config), NO_PROBE);
  const tenant = await cached.newTenant();
  const { tenantId } = tenant;
  return {
    tenant,
    other: await cached.newTenant(),
    direct: { ...stores.forTenant(tenantId), tenantId },
    database,
    faults,
    cache,
    reads,
    seen,
    advance(ms) {
      nowMs += ms;
    },
    async readsOf(work) {
      const start = database.calls.length;
      const answer = await work();
      return { answer, calls: database.calls.slice(start) };
    },
  };
}

/** The stores with profiles, schemas and wallets that can fail; within a transaction they cannot. */
function faulty(stores: Stores, injector: FaultInjector): Stores {
  return {
    ...stores,
    forTenant(tenantId: TenantId) {
      const bound = stores.forTenant(tenantId);
      return {
        ...bound,
        profiles: withFaults(bound.profiles, injector),
        schema: withFaults(bound.schema, injector),
        wallets: withFaults(bound.wallets, injector),
        transaction: (work) => injector.call("transaction", undefined, () => bound.transaction(work)),
      };
    },
  };
}

const NO_PROBE = {
  forceEdge: () => Promise.reject(new VaultError("unsupported", "Nobody looks behind these stores.")),
  dump: () => Promise.reject(new VaultError("unsupported", "Nobody looks behind these stores.")),
};

/** What the cache told of itself. */
export class SeenEvents implements ProfileCacheEvents {
  readonly hits: CacheKeyType[] = [];
  readonly misses: CacheKeyType[] = [];
  readonly sets: string[] = [];
  readonly invalidations: string[] = [];
  readonly failures: string[] = [];

  profileCacheHit({ keyType }: Parameters<ProfileCacheEvents["profileCacheHit"]>[0]): void {
    this.hits.push(keyType);
  }

  profileCacheMiss({ keyType }: Parameters<ProfileCacheEvents["profileCacheMiss"]>[0]): void {
    this.misses.push(keyType);
  }

  profileCacheSet({ keyType, outcome }: Parameters<ProfileCacheEvents["profileCacheSet"]>[0]): void {
    this.sets.push(`${keyType} ${outcome}`);
  }

  profileCacheInvalidated({ operation }: Parameters<ProfileCacheEvents["profileCacheInvalidated"]>[0]): void {
    this.invalidations.push(operation);
  }

  profileCacheFailed({ operation, code }: Parameters<ProfileCacheEvents["profileCacheFailed"]>[0]): void {
    this.failures.push(`${operation} ${code ?? "without an error"}`);
  }
}

/** Every lookup that leads to a customer with the id, the external id `crm-1` and the identity `+1`. */
export function lookupsOf(customerId: TenantUnderTest["tenantId"] | string): readonly CustomerLookup[] {
  return [
    { by: "id", customerId: customerId as never },
    { by: "externalId", externalId: "crm-1" },
    { by: "identity", channel: "whatsapp", channelUserId: "+1" },
  ];
}
