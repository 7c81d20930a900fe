import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CacheKeyspace } from "../../src/storage/redis/cache-keyspace.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import type { RedisConnection } from "../../src/storage/redis/redis-connection.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";

const url = process.env["REDIS_URL"];

/** What the contract of caches cannot say: which keys there are on the server. */
describe.skipIf(!url)("the keys of a cache on Redis", () => {
  let connection: RedisConnection;
  let store: RedisCacheStore;
  let keyspace: CacheKeyspace;

  beforeEach(async () => {
    connection = await openRedisUnderTest(url ?? "");
    store = new RedisCacheStore(connection);
    keyspace = new CacheKeyspace(connection.keyPrefix);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await connection[Symbol.asyncDispose]();
  });

  const epoch = async () => (await connection.send<string>("get", [keyspace.generation])).slice(0, 16);
  const names = async () => (await connection.send<string[]>("keys", [`${connection.keyPrefix}*`])).toSorted();

  it("all begin with the prefix and are gone with their entries", async () => {
    await store.set("k", 1, { tags: ["t"] });
    const current = await epoch();
    const generation = keyspace.generation;
    const index = keyspace.tagIndex(current, "t");
    expect(await names()).toEqual([index, keyspace.entry(current, "k"), generation].toSorted());
    expect(await connection.send("pttl", [index])).toBeGreaterThan(800_000);
    await store.removeByTag("t");
    const nonces = [keyspace.tagNonce(current, "t"), keyspace.nonce(current, "k")];
    expect(await names()).toEqual([generation, ...nonces].toSorted());
    for (const nonce of nonces) expect(await connection.send("pttl", [nonce])).toBeGreaterThan(800_000);
  });

  it("of an index live as long as their last entry", async () => {
    await store.set("short", 1, { tags: ["t"], ttl: 60_000 });
    const index = keyspace.tagIndex(await epoch(), "t");
    await store.set("shorter", 1, { tags: ["t"], ttl: 30_000 });
    expect(await connection.send("pttl", [index])).toBeGreaterThan(50_000);
    await store.set("longer", 1, { tags: ["t"], ttl: 90_000 });
    expect(await connection.send("pttl", [index])).toBeGreaterThan(80_000);
    await store.set("endless", 1, { tags: ["t"], ttl: "none" });
    await store.set("short", 2, { tags: ["t"], ttl: 60_000 });
    expect(await connection.send("pttl", [index])).toBe(-1);
    expect(await store.removeByTag("t")).toMatchObject({ count: 4 });
  });

  it("of everything that was invalidated are removed in the background, and no others", async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => store.set(`k${index}`, index, { ttl: "none" })));
    await store.set("tagged", 1, { tags: ["t"] });
    await store.increment("n");
    await store.invalidateAll();
    await store.set("new", 1);
    await store.invalidateAll();
    await store.set("newest", 1);
    await store.swept();
    expect(await names()).toEqual(
      [keyspace.counter("n"), keyspace.generation, keyspace.entry(await epoch(), "newest")].toSorted(),
    );
  });

  it.each(["", "s1:", "s1:{", "s1t", "s1t00002[]", "s1t99999[]1", "s1txxxxx1", "s2:1", "1", "null"])(
    "with the foreign value %j are misses, and errors",
    async (foreign) => {
      await store.set("k", 1);
      const name = keyspace.entry(await epoch(), "k");
      await connection.send("set", [name, foreign]);
      expect(await store.get("k")).toMatchObject({ hit: false, degraded: false });
      expect(await store.getMany(["k"])).toMatchObject([{ hit: false }]);
      expect(store.statistics()).toMatchObject({ errors: 2, misses: 2, hits: 0 });
      expect(await store.removeByTag("t")).toMatchObject({ count: 0 });
      expect(await store.getOrSet("k", async () => 2)).toBe(2);
      expect(await store.get("k")).toEqual({ hit: true, value: 2 });
    },
  );

  it("of another type are misses, and are overwritten", async () => {
    await store.set("k", 1, { tags: ["t"] });
    const name = keyspace.entry(await epoch(), "k");
    await connection.send("del", [name]);
    await connection.send("lpush", [name, "1"]);
    expect(await store.get("k")).toMatchObject({ hit: false });
    expect(await store.removeByTag("t")).toMatchObject({ count: 0 });
    expect(await store.set("k", 2, { tags: ["t"] })).toBe("stored");
    expect(await store.removeByTag("t")).toMatchObject({ count: 1 });
    await connection.send("lpush", [keyspace.counter("n"), "1"]);
    await expect(store.increment("n")).rejects.toMatchObject({ code: "integrity_violation" });
  });

  it("refuses a lease after ten minutes, and one of another tier", async () => {
    let nowMs = 1_772_530_200_000;
    await using patient = new RedisCacheStore(connection, { nowMs: () => nowMs });
    const lookup = await patient.get("k");
    const lease = lookup.hit ? undefined : lookup.lease;
    nowMs += 600_000;
    expect(await patient.set("k", 1, { lease })).toBe("stored");
    nowMs += 1;
    expect(await patient.set("k", 2, { lease })).toBe("refused");
    expect(await patient.set("k", 2, { lease: "12" as NonNullable<typeof lease> })).toBe("refused");
    expect(await patient.get("k")).toEqual({ hit: true, value: 1 });
  });

  it("of a prefix full of wildcards are its own", async () => {
    const keyPrefix = `${connection.keyPrefix}*?[a]\\`;
    await using wild = await openRedis({ url: url ?? "", keyPrefix, commandTimeoutMs: 2_000 });
    await using own = new RedisCacheStore(wild);
    await own.set("k", 1);
    const current = (await connection.send<string>("get", [new CacheKeyspace(keyPrefix).generation])).slice(0, 16);
    const foreign = `${connection.keyPrefix}xxa\\cache:${current}:v{:k}`;
    await connection.send("set", [foreign, "s1:1"]);
    expect(await own.removeByPattern("*")).toMatchObject({ count: 1 });
    await own.invalidateAll();
    await own.swept();
    expect(await connection.send("exists", [foreign])).toBe(1);
  });
});
