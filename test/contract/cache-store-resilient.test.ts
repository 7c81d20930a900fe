import { describe } from "vitest";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { observedCacheStore } from "../../src/storage/observability/observed-cache-store.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { resilientCacheStore } from "../../src/storage/resilience/resilient-cache-store.ts";
import { cacheStoreContract } from "../../src/testing/cache-store-contract.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";
import { guardedTier } from "./guarded-tier.ts";

const url = process.env["REDIS_URL"];
const options = guardedTier("hot");

cacheStoreContract("in-memory, observed", async ({ defaultTtlMs }) => {
  let nowMs = 1_772_530_200_000;
  const open = () => observedCacheStore(new InMemoryCacheStore({ nowMs: () => nowMs, defaultTtlMs }), options.observer);
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
    resilientCacheStore(new InMemoryCacheStore({ nowMs: () => nowMs, defaultTtlMs }), { ...options, defaultTtlMs });
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
      resilientCacheStore(new RedisCacheStore(connection, { defaultTtlMs }), { ...options, defaultTtlMs });
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
