import { systemClock } from "../src/clock.ts";
import type { ConfigInput } from "../src/config/config-schema.ts";
import { parseConfig } from "../src/config/load-config.ts";
import type { CacheStore } from "../src/storage/cache-store.ts";
import { InMemoryDatabase } from "../src/storage/in-memory/in-memory-database.ts";
import { RedisCacheStore } from "../src/storage/redis/redis-cache-store.ts";
import type { RedisConnection } from "../src/storage/redis/redis-connection.ts";
import { resilientCacheStore } from "../src/storage/resilience/resilient-cache-store.ts";
import { createTelemetry } from "../src/telemetry/telemetry.ts";
import { builtInEngines } from "../src/vault/built-in-engines.ts";
import { openHotTier } from "../src/vault/open-hot-tier.ts";
import { guardOptions, type TierOptions } from "../src/vault/open-tier.ts";
import { SharedClients } from "../src/vault/shared-clients.ts";

export interface OpenedCache extends AsyncDisposable {
  readonly store: CacheStore;
}

/** The hot tier as a vault with these settings opens it, metrics on. */
export async function openComposed(hot: NonNullable<ConfigInput["storage"]>["hot"]): Promise<OpenedCache> {
  const closing = new AsyncDisposableStack();
  try {
    const options = tierOptions(hot, closing);
    const { store } = closing.use(await openHotTier(options));
    return { store, [Symbol.asyncDispose]: () => closing.disposeAsync() };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

/** The engine behind the guard of a vault, metrics on, and nothing in front. */
export function openGuarded(connection: RedisConnection): OpenedCache {
  const closing = new AsyncDisposableStack();
  const guard = guardOptions("hot", tierOptions({}, closing), false);
  const policy = { ...guard.policy, deadlineMs: connection.commandTimeoutMs };
  const store = closing.use(resilientCacheStore(new RedisCacheStore(connection), { ...guard, policy }));
  return { store, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

function tierOptions(hot: NonNullable<ConfigInput["storage"]>["hot"], closing: AsyncDisposableStack): TierOptions {
  const telemetry = closing.use(createTelemetry({ level: "info", format: "json" }));
  const inMemory = new InMemoryDatabase();
  return {
    config: parseConfig({ storage: { hot, warm: { relational: { engine: "in-memory" } } } }),
    engines: builtInEngines(Promise.resolve({ inMemory })),
    clients: closing.use(new SharedClients()),
    clock: systemClock,
    meters: telemetry.meters.storage,
    logger: telemetry.logger,
    collections: [],
    logs: [],
  };
}
