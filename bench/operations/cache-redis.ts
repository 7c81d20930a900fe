import { deepStrictEqual } from "node:assert/strict";
import { Redis } from "ioredis";
import type { JsonObject } from "../../src/json.ts";
import type { CacheStore } from "../../src/storage/cache-store.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { type PeerCache, peersOnRedis } from "../by-hand/peer-cache.ts";
import { cachedValue, type ValueSize } from "../cached-value.ts";
import { type Contestant, type Figures, race } from "../race.ts";
import { withRedisPrefix } from "../redis-prefix.ts";
import { atLeast, atMost, comparedLines, type Effort, type Goal, type Section } from "../section.ts";

const KEYS = 200;
const KEYS_PER_REMOVAL = 10;
const TTL_MS = 900_000;
const OURS = "Redis tier";

interface Field {
  readonly raw: Redis;
  readonly rawPrefix: string;
  readonly tier: CacheStore;
  readonly peers: readonly PeerCache[];
  readonly effort: Effort;
}

/** The cache on the server that REDIS_URL names, without a guard, beside raw commands and what anybody could use instead. */
export function cacheOnRedis(effort: Effort): Promise<Section[]> {
  return withRedisPrefix("caches", async ({ url, connection }) => {
    await using stack = new AsyncDisposableStack();
    const raw = stack.adopt(new Redis(url), (client) => client.disconnect());
    const tier = stack.use(new RedisCacheStore(connection));
    const peers = peersOnRedis(url, connection.keyPrefix).map((peer) => stack.use(peer));
    const field = { raw, rawPrefix: `${connection.keyPrefix}raw:`, tier, peers, effort };
    const sections: Section[] = [];
    for (const size of ["10 KB", "1 KiB"] as const) {
      await fill(field, size);
      for (const inFlight of [1, 20, 50]) sections.push(await gets(field, size, inFlight));
    }
    sections.push(await loads(field, 1), await loads(field, 20));
    sections.push(await sets(field, 1), await sets(field, 20));
    sections.push(await increments(field, 1), await increments(field, 20), await removals(field));
    return sections;
  });
}

async function fill({ raw, rawPrefix, tier, peers }: Field, size: ValueSize): Promise<void> {
  for (let index = 0; index < KEYS; index++) {
    const value = cachedValue(size, index);
    await raw.set(rawPrefix + keyOf(index), JSON.stringify(value), "PX", TTL_MS);
    await tier.set(keyOf(index), value);
    for (const peer of peers) await peer.set(keyOf(index), value);
  }
  const found = await tier.get(keyOf(1));
  deepStrictEqual(found.hit && found.value, cachedValue(size, 1));
  for (const peer of peers) deepStrictEqual(await peer.get(keyOf(1)), cachedValue(size, 1));
}

async function readByHand({ raw, rawPrefix }: Field, index: number): Promise<JsonObject> {
  return JSON.parse((await raw.get(rawPrefix + keyOf(index))) ?? "") as JsonObject;
}

function gets(field: Field, size: ValueSize, inFlight: number): Promise<Section> {
  const { tier, peers, effort } = field;
  return section(`cache get, ${size}`, { ...effort, inFlight }, [
    { name: "GET and JSON.parse", call: (index) => readByHand(field, index) },
    { name: OURS, call: (index) => tier.get(keyOf(index)) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.get(keyOf(index)) })),
  ]);
}

function loads(field: Field, inFlight: number): Promise<Section> {
  const { tier, peers, effort } = field;
  const load = async (): Promise<JsonObject> => cachedValue("1 KiB", 0);
  return section("cache getOrSet, hit, 1 KiB", { ...effort, inFlight }, [
    { name: "GET and JSON.parse", call: (index) => readByHand(field, index) },
    { name: OURS, call: (index) => tier.getOrSet(keyOf(index), load) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.getOrSet(keyOf(index), load) })),
  ]);
}

function sets({ raw, rawPrefix, tier, peers, effort }: Field, inFlight: number): Promise<Section> {
  const values = Array.from({ length: KEYS }, (_, index) => cachedValue("1 KiB", index));
  const valueOf = (index: number) => values[index % KEYS] as JsonObject;
  return section("cache set, 1 KiB", { ...effort, inFlight }, [
    {
      name: "JSON.stringify and SET",
      call: (index) => raw.set(rawPrefix + keyOf(index), JSON.stringify(valueOf(index)), "PX", TTL_MS),
    },
    { name: OURS, call: (index) => tier.set(keyOf(index), valueOf(index)) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.set(keyOf(index), valueOf(index)) })),
  ]);
}

function increments({ raw, rawPrefix, tier, effort }: Field, inFlight: number): Promise<Section> {
  return section("cache increment", { ...effort, inFlight }, [
    { name: "INCRBY", call: (index) => raw.incrby(`${rawPrefix}counter:${keyOf(index)}`, 1) },
    { name: OURS, call: (index) => tier.increment(keyOf(index)) },
  ]);
}

function removals({ raw, rawPrefix, tier, peers, effort }: Field): Promise<Section> {
  const keysOf = (index: number) =>
    Array.from({ length: KEYS_PER_REMOVAL }, (_, place) => `gone:${(index * KEYS_PER_REMOVAL + place) % 1_000}`);
  return section("cache removeMany, 10 keys", { ...effort, inFlight: 1 }, [
    { name: "UNLINK", call: (index) => raw.unlink(keysOf(index).map((key) => rawPrefix + key)) },
    { name: OURS, call: (index) => tier.removeMany(keysOf(index)) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.removeMany(keysOf(index)) })),
  ]);
}

async function section(
  operation: string,
  options: Effort & { readonly inFlight: number },
  contestants: readonly Contestant[],
): Promise<Section> {
  const figures = await race(contestants, options);
  const { inFlight } = options;
  const isGet = operation.startsWith("cache get,");
  const lines = comparedLines(figures, (line) => (isGet && line.name === OURS ? goalsOf(line, inFlight) : []));
  return { operation, engine: "redis", inFlight, lines, notes: NOTES[operation] ?? [] };
}

function goalsOf({ ratio }: Figures, inFlight: number): readonly Goal[] {
  return inFlight === 1 ? [atMost("time", ratio, 1.2)] : [atLeast("throughput", 1 / ratio, 0.8)];
}

const NOTES: Readonly<Record<string, readonly string[]>> = {
  "cache set, 1 KiB": ["Ours checks in the same step that nothing was emptied meanwhile; by hand nothing is checked."],
  "cache increment": ["By hand a counter never expires."],
  "cache removeMany, 10 keys": ["Of keys without entries. Ours outdates in the same step what others are loading."],
};

function keyOf(index: number): string {
  return `profile:${index % KEYS}`;
}
