import { describe } from "vitest";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { observedCacheStore } from "../../src/storage/observability/observed-cache-store.ts";
import { TierObserver } from "../../src/storage/observability/tier-observer.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { resilientCacheStore } from "../../src/storage/resilience/resilient-cache-store.ts";
import { DEFAULT_POLICIES } from "../../src/storage/resilience/tier-policy.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { cacheStoreContract } from "../../src/testing/cache-store-contract.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";

const url = process.env["REDIS_URL"];
const telemetry = createTelemetry({ level: "silent", format: "json" });

function observer(level: "metrics" | "full-tracing"): TierObserver {
  return new TierObserver({ tier: "hot", provider: "any", settings: { level }, meters: telemetry.meters.storage });
}

function guardOptions(defaultTtlMs: number | undefined) {
  const policy = { ...DEFAULT_POLICIES.hot, deadlineMs: 5_000 };
  return { tier: "hot", policy, observer: observer("metrics"), isRequired: false, defaultTtlMs } as const;
}

cacheStoreContract("in-memory, observed", async ({ defaultTtlMs }) => {
  let nowMs = 1_772_530_200_000;
  const open = () =>
    observedCacheStore(new InMemoryCacheStore({ nowMs: () => nowMs, defaultTtlMs }), observer("full-tracing"));
  const store = open();
  return {
    store,
    elapse: (ms) => {
      nowMs += ms;
    },
    another: async () => open(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});

cacheStoreContract("in-memory behind a guard", async ({ defaultTtlMs }) => {
  let nowMs = 1_772_530_200_000;
  const open = () =>
    resilientCacheStore(new InMemoryCacheStore({ nowMs: () => nowMs, defaultTtlMs }), guardOptions(defaultTtlMs));
  const store = open();
  return {
    store,
    elapse: (ms) => {
      nowMs += ms;
    },
    another: async () => open(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});

describe.skipIf(!url)("on a server", () => {
  cacheStoreContract("Redis behind a guard", async ({ defaultTtlMs }) => {
    const connection = await openRedisUnderTest(url ?? "");
    const open = () =>
      resilientCacheStore(new RedisCacheStore(connection, { defaultTtlMs }), guardOptions(defaultTtlMs));
    const store = open();
    return {
      store,
      another: async () => open(),
      [Symbol.asyncDispose]: async () => {
        await store[Symbol.asyncDispose]();
        await connection[Symbol.asyncDispose]();
      },
    };
  });
});
