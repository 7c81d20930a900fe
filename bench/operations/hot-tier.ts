import { Redis } from "ioredis";
import { LRUCache } from "lru-cache";
import type { JsonObject } from "../../src/json.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { cachedValue } from "../cached-value.ts";
import { openComposed, openGuarded } from "../open-cache.ts";
import { quickRace } from "../quick-race.ts";
import { type Contestant, race } from "../race.ts";
import { type RedisGround, withRedisPrefix } from "../redis-prefix.ts";
import { atLeast, comparedLines, type Effort, type Section } from "../section.ts";

const KEYS = 200;
const TTL_MS = 900_000;
const GUARDED = "guarded engine";
const CALLS_PER_LAP = 5_000;

/** What the guard costs on the server that REDIS_URL names, and the whole tier: a part in this process in front of it. */
export function hotTier(effort: Effort): Promise<Section[]> {
  return withRedisPrefix("the hot tier", async (ground) => [
    ...(await protection(ground, effort)),
    ...(await composition(ground, effort)),
  ]);
}

async function protection({ connection }: RedisGround, effort: Effort): Promise<Section[]> {
  await using plain = new RedisCacheStore(connection);
  await using guarded = openGuarded(connection);
  const values = Array.from({ length: KEYS }, (_, index) => cachedValue("1 KiB", index));
  for (const [index, value] of values.entries()) await plain.set(keyOf(index), value);
  const valueOf = (index: number) => values[index % KEYS] as JsonObject;
  const { store } = guarded;
  const sections: Section[] = [];
  for (const inFlight of [1, 20, 50]) {
    sections.push(
      await protectionOf("get", { ...effort, inFlight }, [
        { name: "plain engine", call: (index) => plain.get(keyOf(index)) },
        { name: GUARDED, call: (index) => store.get(keyOf(index)) },
      ]),
    );
  }
  sections.push(
    await protectionOf("set", { ...effort, inFlight: 20 }, [
      { name: "plain engine", call: (index) => plain.set(keyOf(index), valueOf(index)) },
      { name: GUARDED, call: (index) => store.set(keyOf(index), valueOf(index)) },
    ]),
  );
  return sections;
}

async function protectionOf(
  method: string,
  options: Effort & { readonly inFlight: number },
  contestants: readonly Contestant[],
): Promise<Section> {
  // A tenth is little beside what others do to a machine: twice as many laps as elsewhere.
  const figures = await race(contestants, { ...options, laps: options.laps * 2 });
  return {
    operation: `protection of a cache, ${method}, 1 KiB`,
    engine: "redis",
    inFlight: options.inFlight,
    lines: comparedLines(figures, ({ name, ratio }) =>
      name === GUARDED ? [atLeast("throughput", 1 / ratio, 0.9)] : [],
    ),
    notes: [],
  };
}

async function composition({ url, connection }: RedisGround, effort: Effort): Promise<Section[]> {
  await using stack = new AsyncDisposableStack();
  const raw = stack.adopt(new Redis(url), (client) => client.disconnect());
  const redis = { url, keyPrefix: `${connection.keyPrefix}composed:`, commandTimeoutMs: 5_000 };
  const { store } = stack.use(await openComposed({ engine: "redis", redis }));
  const bare = new LRUCache<string, JsonObject>({ max: 50_000 });
  const values = Array.from({ length: KEYS }, (_, index) => cachedValue("10 KB", index));
  const valueOf = (index: number) => values[index % KEYS] as JsonObject;
  for (const [index, value] of values.entries()) {
    bare.set(keyOf(index), value);
    await store.set(keyOf(index), value);
  }
  const found = await quickRace(
    [
      { name: "lru-cache", call: (index) => bare.get(keyOf(index)) },
      { name: "hot tier", call: (index) => store.get(keyOf(index)) },
    ],
    { laps: effort.laps, callsPerLap: CALLS_PER_LAP },
  );
  const options = { ...effort, inFlight: 20 };
  const rawKeyOf = (index: number) => `${redis.keyPrefix}raw:${keyOf(index)}`;
  const written = await race(
    [
      {
        name: "SET and PUBLISH",
        call: (index) =>
          Promise.all([
            raw.set(rawKeyOf(index), JSON.stringify(valueOf(index)), "PX", TTL_MS),
            raw.publish(`${redis.keyPrefix}raw`, keyOf(index)),
          ]),
      },
      { name: "hot tier", call: (index) => store.set(keyOf(index), valueOf(index)) },
    ],
    options,
  );
  const common = { engine: "redis", notes: [] } as const;
  const none = (): readonly [] => [];
  return [
    { ...common, operation: "hot tier get, kept here, 10 KB", inFlight: 1, lines: comparedLines(found, none) },
    { ...common, operation: "hot tier set, others are told, 10 KB", inFlight: 20, lines: comparedLines(written, none) },
  ];
}

function keyOf(index: number): string {
  return `profile:${index % KEYS}`;
}
