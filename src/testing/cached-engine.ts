import { profileCacheSchema } from "../config/profile-cache-config.ts";
import { walletsConfig } from "../config/wallets-config.ts";
import { CachedReads, type CachedReadsOptions } from "../storage/cache/cached-reads.ts";
import type { CacheStore } from "../storage/cache-store.ts";
import { NO_EVENTS } from "../telemetry/events.ts";
import { cachedStores } from "../vault/cached-stores.ts";
import { type Engine, engineOver } from "./engine.ts";

/** The engine with what is read from it kept in a cache, which is disposed of with it. */
export function cachedEngine(
  engine: Engine,
  cache: CacheStore,
  options: Partial<CachedReadsOptions> & { readonly notFoundTtlSeconds?: number } = {},
): Engine {
  const { notFoundTtlSeconds, ...settings } = options;
  const reads = new CachedReads({ cache, fallbackOnError: true, events: NO_EVENTS, ...settings });
  const stores = cachedStores(engine.stores, reads, {
    profileCache: profileCacheSchema.parse({ notFoundTtlSeconds }),
    wallets: walletsConfig.parse({}),
  });
  return {
    ...engineOver(stores, {
      ...engine.probe,
      async forceEdge(tenantId, edge) {
        await engine.probe.forceEdge(tenantId, edge);
        // Nobody tells the cache what is done behind the back of the stores.
        await cache.invalidateAll();
      },
    }),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await cache[Symbol.asyncDispose]();
    },
  };
}
