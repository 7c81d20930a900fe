import type { ProfileCacheConfig } from "../config/profile-cache-config.ts";
import type { WalletsConfig } from "../config/wallets-config.ts";
import type { TenantId } from "../identifiers.ts";
import { CachedProfileStore } from "../profiles/cached-profile-store.ts";
import { ProfileCacheKeys } from "../profiles/profile-cache-keys.ts";
import type { ProfileLives } from "../profiles/profile-cache-kinds.ts";
import { WatchedProfileStore } from "../profiles/watched-profile-store.ts";
import { CachedSchemaStore, type SchemaLives } from "../schema/cached-schema-store.ts";
import { SchemaCacheKeys } from "../schema/schema-cache-keys.ts";
import { WatchedSchemaStore } from "../schema/watched-schema-store.ts";
import { CachedReads } from "../storage/cache/cached-reads.ts";
import { CommittedWrites, type WatchedWrites } from "../storage/cache/watched-writes.ts";
import type { CacheStore } from "../storage/cache-store.ts";
import type { ProfileCacheEvents } from "../telemetry/profile-cache-events.ts";
import { CachedWalletStore, type WalletLives } from "../wallets/cached-wallet-store.ts";
import { WalletCacheKeys } from "../wallets/wallet-cache.ts";
import { WatchedWalletStore } from "../wallets/watched-wallet-store.ts";
import type { Stores, TenantStores } from "./stores.ts";

const SECOND_MS = 1_000;

/** The sections that say what is cached, and for how long. */
export interface CacheConfig {
  readonly profileCache: ProfileCacheConfig;
  readonly wallets: WalletsConfig;
}

type Lives = ProfileLives & SchemaLives & WalletLives;

/** The stores behind the cache, or as they are when there is none or it is not to be used. */
export function storesBehind(
  cache: CacheStore | undefined,
  stores: Stores,
  { config, events }: { readonly config: CacheConfig; readonly events: ProfileCacheEvents },
): { readonly stores: Stores; readonly cachedReads: CachedReads | undefined } {
  const { enabled, fallbackOnError } = config.profileCache;
  if (!cache || !enabled) return { stores, cachedReads: undefined };
  const cachedReads = new CachedReads({ cache, fallbackOnError, events });
  return { stores: cachedStores(stores, cachedReads, config), cachedReads };
}

/**
 * The stores with profiles, schemas and what is shown of wallets kept in the hot tier. Within a transaction everything is
 * read from the database, and what its writes make old is forgotten once they are committed.
 */
export function cachedStores(stores: Stores, reads: CachedReads, config: CacheConfig): Stores {
  const lives = livesOf(config);
  return {
    ...stores,
    forTenant: (tenantId) => cachedTenantStores(stores.forTenant(tenantId), { tenantId, reads, lives }),
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}

interface TenantCache {
  readonly tenantId: TenantId;
  readonly reads: CachedReads;
  readonly lives: Lives;
}

function cachedTenantStores(stores: TenantStores, cache: TenantCache): TenantStores {
  return {
    ...stores,
    profiles: new CachedProfileStore({ ...cache, inner: stores.profiles }),
    schema: new CachedSchemaStore({ ...cache, inner: stores.schema }),
    wallets: new CachedWalletStore({ ...cache, inner: stores.wallets }),
    transaction: (work) =>
      new CommittedWrites(cache.reads, cache.tenantId).transact((writes) =>
        stores.transaction((transaction) => work(watchedStores(transaction, { committed: stores, writes, cache }))),
      ),
  };
}

function watchedStores(
  stores: TenantStores,
  watch: { readonly committed: TenantStores; readonly writes: WatchedWrites; readonly cache: TenantCache },
): TenantStores {
  const { committed, writes, cache } = watch;
  const profileKeys = new ProfileCacheKeys(cache.tenantId);
  const schemaKeys = new SchemaCacheKeys(cache.tenantId);
  const walletKeys = new WalletCacheKeys(cache.tenantId);
  return {
    ...stores,
    profiles: new WatchedProfileStore({
      inner: stores.profiles,
      committed: committed.profiles,
      keys: profileKeys,
      writes,
    }),
    schema: new WatchedSchemaStore({ inner: stores.schema, keys: schemaKeys, writes }),
    wallets: new WatchedWalletStore({ inner: stores.wallets, keys: walletKeys, writes }),
    // One within another is a part of it, and so is what it makes old.
    transaction: (work) => stores.transaction((inner) => work(watchedStores(inner, watch))),
  };
}

function livesOf({ profileCache: config, wallets }: CacheConfig): Lives {
  return {
    profileMs: config.profileTtlSeconds * SECOND_MS,
    notFoundMs: config.notFoundTtlSeconds * SECOND_MS,
    definitionsMs: config.definitionsTtlSeconds * SECOND_MS,
    requirementsMs: config.requirementsTtlSeconds * SECOND_MS,
    walletMs: wallets.metadataTtlSeconds * SECOND_MS,
  };
}
