import { describe } from "vitest";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { cacheStoreContract } from "../../src/testing/cache-store-contract.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";

const url = process.env["REDIS_URL"];

describe.skipIf(!url)("on a server", () => {
  cacheStoreContract("Redis", async ({ defaultTtlMs }) => {
    const connection = await openRedisUnderTest(url ?? "");
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
});
