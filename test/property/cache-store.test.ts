import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/json.ts";
import { HeartbeatChannel } from "../../src/storage/cache/heartbeat-channel.ts";
import { TieredCacheStore } from "../../src/storage/cache/tiered-cache-store.ts";
import type { CacheLease, CacheStore } from "../../src/storage/cache-store.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { until } from "../../src/testing/cache-store-under-test.ts";
import { MessageHub } from "../../src/testing/message-hub.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";

/** What one store has given: a lease is opaque, so each store is handed its own, by the number of the miss. */
interface Side {
  readonly store: CacheStore;
  readonly leases: (CacheLease | undefined)[];
}

type Step = (side: Side) => Promise<unknown>;

const key = fc.constantFrom("a", "b", "ab", "a*", "é", "🗝", "{a}", "[a]", "a\\");
const tag = fc.constantFrom("t", "ü", "a");
const tags = fc.option(fc.array(tag, { maxLength: 3 }), { nil: undefined });
const ttl = fc.constantFrom<(number | "none" | undefined)[]>(undefined, "none", 600_000);
const value = fc.jsonValue({ maxDepth: 2 }).filter((json) => !/__proto__|\\u0000|\\ud/.test(JSON.stringify(json)));
const pattern = fc.array(fc.constantFrom("a", "b", "*", "?", "\\*", "\\\\", "[", "]", "é", "🗝", "{"), {
  minLength: 1,
  maxLength: 4,
});

async function look(side: Side, lookedUp: string, named: readonly string[] | undefined): Promise<unknown> {
  const lookup = await side.store.get<JsonValue>(lookedUp, { tags: named });
  if (lookup.hit) return lookup;
  side.leases.push(lookup.lease);
  return "miss";
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, tags).map(
    ([name, named]) =>
      (side: Side) =>
        look(side, name, named),
  ),
  fc.tuple(key, value, tags, ttl).map(
    ([name, json, named, life]): Step =>
      ({ store }) =>
        store.set(name, json as JsonValue, { tags: named, ttl: life }),
  ),
  fc.tuple(key, value, tags, fc.nat(5)).map(
    ([name, json, named, back]): Step =>
      ({ store, leases }) =>
        store.set(name, json as JsonValue, { tags: named, lease: leases.at(-1 - back) }),
  ),
  key.map(
    (name): Step =>
      ({ store }) =>
        store.remove(name),
  ),
  fc.array(key, { maxLength: 4 }).map(
    (names): Step =>
      ({ store }) =>
        store.removeMany(names),
  ),
  fc.array(key, { maxLength: 6 }).map(
    (names): Step =>
      async ({ store }) =>
        (await store.getMany(names)).map((lookup) => (lookup.hit ? lookup : "miss")),
  ),
  key.map(
    (name): Step =>
      ({ store }) =>
        store.exists(name),
  ),
  tag.map(
    (name): Step =>
      ({ store }) =>
        store.removeByTag(name),
  ),
  pattern.map(
    (parts): Step =>
      ({ store }) =>
        store.removeByPattern(parts.join("")),
  ),
  fc.tuple(key, fc.integer()).map(
    ([name, delta]): Step =>
      ({ store }) =>
        store.increment(name, { delta }),
  ),
  fc.tuple(key, value, tags).map(
    ([name, json, named]): Step =>
      ({ store }) =>
        store.getOrSet<JsonValue>(name, async () => json as JsonValue, { tags: named }),
  ),
  fc.constant<Step>(({ store }) => store.invalidateAll()),
);

/** Random operations give the same answers, one by one, as in the memory of this process. */
async function expectSameAnswers(open: () => Promise<CacheStore>, numRuns: number): Promise<void> {
  const run = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
    await using oracle = new InMemoryCacheStore();
    await using store = await open();
    const [expected, found]: [Side, Side] = [
      { store: oracle, leases: [] },
      { store, leases: [] },
    ];
    for (const each of steps) expect(await each(found)).toEqual(await each(expected));
  });
  await fc.assert(run, { numRuns, seed: 20_260_303 });
}

/** Room is set aside at once, and each run opens stores of its own. */
const SMALL = { entriesMax: 1_000 };

const url = process.env["REDIS_URL"];

describe("random operations give the answers of the in-memory store", () => {
  it.skipIf(!url)(
    "on Redis",
    async () => {
      await using connection = await openRedisUnderTest(url ?? "");
      await expectSameAnswers(async () => {
        const store = new RedisCacheStore(connection);
        await store.invalidateAll();
        await store.removeByPattern("*");
        await connection.send("eval", [FORGET_COUNTERS, 0, connection.keyPrefix]);
        return store;
      }, 120);
    },
    60_000,
  );

  it("on two tiers", async () => {
    await using channel = new HeartbeatChannel(new MessageHub().open(), { processId: "one" });
    await until(() => channel.isConnected());
    const open = async () =>
      new TieredCacheStore({ near: new InMemoryCacheStore(SMALL), far: new InMemoryCacheStore(SMALL), channel });
    await expectSameAnswers(open, 200);
  }, 60_000);
});

const FORGET_COUNTERS = "for _, k in ipairs(redis.call('KEYS', ARGV[1] .. 'counter*')) do redis.call('DEL', k) end";
