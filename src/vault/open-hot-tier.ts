import { randomUUID } from "node:crypto";
import { inMemoryCacheSettings } from "../config/engine-settings.ts";
import { NearCacheStore } from "../storage/cache/near-cache-store.ts";
import { TieredCacheStore } from "../storage/cache/tiered-cache-store.ts";
import type { CacheStore } from "../storage/cache-store.ts";
import { InMemoryCacheStore } from "../storage/in-memory/in-memory-cache-store.ts";
import { ObservedCacheStore } from "../storage/observability/observed-cache-store.ts";
import { postgresInvalidationChannel } from "../storage/postgres/postgres-invalidation-channel.ts";
import { redisInvalidationChannel } from "../storage/redis/redis-invalidation-channel.ts";
import { resilientCacheStore } from "../storage/resilience/resilient-cache-store.ts";
import { retellRemovals } from "../storage/resilience/retell-removals.ts";
import { tierPolicy } from "../storage/resilience/tier-policy.ts";
import { redisConnection } from "./built-in-engines.ts";
import { ClosingStack } from "./closing-stack.ts";
import {
  defaultTtlMs,
  engineSettings,
  failureOf,
  guardOptions,
  type OpenedTier,
  observerOf,
  openEngine,
  opened,
  type TierOptions,
} from "./open-tier.ts";

/**
 * The hot tier. On Redis it has a part in this process in front, which hears of other processes over Redis too; in this process
 * alone it hears of them over the PostgreSQL server, if that is where the vault is. What can fail is behind a guard.
 */
export async function openHotTier(options: TierOptions): Promise<OpenedTier<CacheStore>> {
  const store = await openEngine("hot", options);
  if (store instanceof InMemoryCacheStore) return openInProcess(store, options);
  const failure = await failureOf(store);
  const section = options.config.storage.hot;
  if (failure !== undefined && section.required) {
    await store[Symbol.asyncDispose]();
    throw failure;
  }
  const { commandTimeoutMs } = engineSettings("hot", options.config);
  const deadlineMs = typeof commandTimeoutMs === "number" ? commandTimeoutMs : undefined;
  const far = resilientCacheStore(store, {
    ...guardOptions("hot", options, failure !== undefined),
    policy: tierPolicy("hot", { ...section, deadlineMs }),
    defaultTtlMs: defaultTtlMs(options),
  });
  return openInFrontOf(far, options);
}

async function openInFrontOf(
  far: ReturnType<typeof resilientCacheStore>,
  options: TierOptions,
): Promise<OpenedTier<CacheStore>> {
  const { engine, redis, "in-memory": room } = options.config.storage.hot;
  // An engine from outside does not say how its processes could hear of each other.
  if (engine !== "redis" || !redis) return opened("hot", options, { store: far, probed: far });
  const closing = new ClosingStack();
  closing.use(far);
  const { entriesMax, bytesMax } = room ?? inMemoryCacheSettings.parse({});
  const near = closing.use(
    new InMemoryCacheStore({ entriesMax, charactersMax: bytesMax, defaultTtlMs: defaultTtlMs(options) }),
  );
  const connection = await redisConnection({ settings: redis, shared: options.clients.get });
  const channel = closing.use(redisInvalidationChannel(connection, { processId: randomUUID() }));
  closing.defer(retellRemovals(far, channel));
  const store = closing.use(new TieredCacheStore({ near, far, channel, defaultTtlMs: defaultTtlMs(options) }));
  return opened("hot", options, { store, probed: far, closing });
}

function openInProcess(near: InMemoryCacheStore, options: TierOptions): OpenedTier<CacheStore> {
  const closing = new ClosingStack();
  closing.use(near);
  const { postgres } = options.config.storage.warm.relational;
  const inner =
    postgres?.url === undefined ? near : closing.use(hearing(near, { ...postgres, url: postgres.url }, closing));
  const store = closing.use(new ObservedCacheStore(inner, observerOf("hot", options)));
  return opened("hot", options, { store, probed: store, closing });
}

/** Other processes may use the same database server, and write what is cached here. */
function hearing(
  near: InMemoryCacheStore,
  {
    url,
    schema,
    connectTimeoutMs,
  }: { readonly url: string; readonly schema: string; readonly connectTimeoutMs: number },
  closing: ClosingStack,
): NearCacheStore {
  const channel = closing.use(postgresInvalidationChannel({ url, schema, connectTimeoutMs, processId: randomUUID() }));
  return new NearCacheStore({ near, channel });
}
