import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { redisInvalidationChannel } from "../../src/storage/redis/redis-invalidation-channel.ts";
import { cacheStoreContract } from "../../src/testing/cache-store-contract.ts";
import { until } from "../../src/testing/cache-store-under-test.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";
import { redisProblem } from "../fault/scratch-redis.ts";
import { ScratchRedisCluster } from "../fault/scratch-redis-cluster.ts";

describe.skipIf(redisProblem())("on three nodes", () => {
  let cluster: ScratchRedisCluster;
  beforeAll(async () => {
    cluster = await ScratchRedisCluster.make();
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const connect = () => openRedisUnderTest(cluster.url, { cluster: true });

  cacheStoreContract("a Redis cluster", async ({ defaultTtlMs }) => {
    const connection = await connect();
    const open = () => new RedisCacheStore(connection, { defaultTtlMs });
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

  it("finds its entries on every node", async () => {
    await using connection = await connect();
    await Promise.all(connection.primaries().map((node) => node.send("flushall", [])));
    await using store = new RedisCacheStore(connection);
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    await Promise.all(keys.map((key) => store.set(key, 1, { tags: ["t"] })));
    const sizes = await Promise.all(connection.primaries().map((node) => node.send<number>("dbsize", [])));
    expect(sizes).toHaveLength(3);
    expect(Math.min(...sizes)).toBeGreaterThan(50);
    expect(store.capabilities.atomicTags).toBe(false);
    expect(await store.removeByPattern("k1*")).toMatchObject({ count: 111 });
    expect(await store.removeByTag("t")).toMatchObject({ count: 189 });
    await store.set("k", 1);
    await store.invalidateAll();
    await store.swept();
    const left = await Promise.all(connection.primaries().map((node) => node.send<number>("dbsize", [])));
    // The generation, and nothing of the epoch before.
    expect(left.reduce((sum, size) => sum + size, 0)).toBe(1);
  });

  it("carries invalidations", async () => {
    await using connection = await connect();
    await using one = redisInvalidationChannel(connection, { processId: "one" });
    await using other = redisInvalidationChannel(connection, { processId: "other" });
    await until(() => one.isConnected() && other.isConnected());
    const heard: unknown[] = [];
    other.subscribe({ onInvalidation: (each) => heard.push(each), onInterrupted: () => heard.push("interrupted") });
    await one.publish({ what: "keys", names: ["a"] });
    await until(() => heard.length > 0);
    expect(heard).toEqual([{ what: "keys", names: ["a"] }]);
  });
});
