import { describe } from "vitest";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { cachedEngine } from "../../src/testing/cached-engine.ts";
import { profileStoreContract } from "../../src/testing/profile-store-contract.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";
import { schemaStoreContract } from "../../src/testing/schema-store-contract.ts";
import { inMemoryEngine, schemaStorageOf } from "./engines.ts";

const url = process.env["REDIS_URL"];

/** What is kept has to come back from a server as it was, which an object of this process does by itself. */
describe.skipIf(!url)("on a server", () => {
  const open = async () => {
    const connection = await openRedisUnderTest(url ?? "");
    const cached = cachedEngine(await inMemoryEngine(), new RedisCacheStore(connection, {}));
    return {
      ...cached,
      async [Symbol.asyncDispose]() {
        await cached[Symbol.asyncDispose]();
        await connection[Symbol.asyncDispose]();
      },
    };
  };
  profileStoreContract("in-memory behind Redis", open);
  schemaStoreContract("in-memory behind Redis", async () => schemaStorageOf(await open()));
});
