import { deepStrictEqual } from "node:assert/strict";
import { LRUCache } from "lru-cache";
import type { JsonObject } from "../../src/json.ts";
import type { CacheStore } from "../../src/storage/cache-store.ts";
import { type PeerCache, peersInProcess } from "../by-hand/peer-cache.ts";
import { cachedValue, type ValueSize } from "../cached-value.ts";
import { openComposed } from "../open-cache.ts";
import { type QuickContestant, type QuickRaceOptions, quickRace } from "../quick-race.ts";
import { atMost, comparedLines, type Effort, type Section } from "../section.ts";

const KEYS = 200;
const KEYS_PER_REMOVAL = 10;
const GET_MS_MAX = 0.0005;
const OURS = "in-process tier";

interface Field {
  readonly bare: LRUCache<string, JsonObject>;
  readonly tier: CacheStore;
  readonly peers: readonly PeerCache[];
  readonly effort: Effort;
}

/** The hot tier in this process as a vault opens it, metrics on, beside what anybody could use instead. */
export async function cacheInProcess(effort: Effort): Promise<Section[]> {
  await using stack = new AsyncDisposableStack();
  const { store: tier } = stack.use(await openComposed({}));
  const peers = peersInProcess().map((peer) => stack.use(peer));
  const field = { bare: new LRUCache<string, JsonObject>({ max: 50_000 }), tier, peers, effort };
  const sections: Section[] = [];
  for (const size of ["10 KB", "1 KiB"] as const) {
    await fill(field, size);
    sections.push(await gets(field, size), await loads(field, size));
  }
  sections.push(await sets(field), await increments(field), await removals(field));
  return sections;
}

async function fill({ bare, tier, peers }: Field, size: ValueSize): Promise<void> {
  for (let index = 0; index < KEYS; index++) {
    const value = cachedValue(size, index);
    bare.set(keyOf(index), value);
    await tier.set(keyOf(index), value);
    for (const peer of peers) await peer.set(keyOf(index), value);
  }
  const found = await tier.get(keyOf(1));
  deepStrictEqual(found.hit && found.value, cachedValue(size, 1));
  for (const peer of peers) deepStrictEqual(await peer.get(keyOf(1)), cachedValue(size, 1));
}

function gets({ bare, tier, peers, effort }: Field, size: ValueSize): Promise<Section> {
  return section(`cache get, ${size}`, { laps: effort.laps, callsPerLap: 5_000 }, [
    { name: "lru-cache", call: (index) => bare.get(keyOf(index)) },
    { name: OURS, call: (index) => tier.get(keyOf(index)) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.get(keyOf(index)) })),
  ]);
}

function loads({ bare, tier, peers, effort }: Field, size: ValueSize): Promise<Section> {
  const load = async (): Promise<JsonObject> => cachedValue(size, 0);
  return section(`cache getOrSet, hit, ${size}`, { laps: effort.laps, callsPerLap: 5_000 }, [
    { name: "lru-cache", call: (index) => bare.get(keyOf(index)) ?? load() },
    { name: OURS, call: (index) => tier.getOrSet(keyOf(index), load) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.getOrSet(keyOf(index), load) })),
  ]);
}

function sets({ bare, tier, peers, effort }: Field): Promise<Section> {
  const values = Array.from({ length: KEYS }, (_, index) => cachedValue("1 KiB", index));
  const valueOf = (index: number) => values[index % KEYS] as JsonObject;
  return section("cache set, 1 KiB", { laps: effort.laps, callsPerLap: 2_000 }, [
    { name: "JSON copy, lru-cache", call: (index) => bare.set(keyOf(index), structure(valueOf(index))) },
    { name: OURS, call: (index) => tier.set(keyOf(index), valueOf(index)) },
    ...peers.map((peer) => ({ name: peer.name, call: (index: number) => peer.set(keyOf(index), valueOf(index)) })),
  ]);
}

function increments({ tier, effort }: Field): Promise<Section> {
  const counters = new LRUCache<string, number>({ max: 50_000 });
  return section("cache increment", { laps: effort.laps, callsPerLap: 5_000 }, [
    { name: "lru-cache", call: (index) => counters.set(keyOf(index), (counters.get(keyOf(index)) ?? 0) + 1) },
    { name: OURS, call: (index) => tier.increment(keyOf(index)) },
  ]);
}

/** Each call removes ten entries that are there. */
function removals({ bare, tier, peers, effort }: Field): Promise<Section> {
  const calls = 100;
  const value = { id: "gone soon" };
  const keysOf = Array.from({ length: calls }, (_, call) =>
    Array.from({ length: KEYS_PER_REMOVAL }, (_each, place) => `gone:${call}:${place}`),
  );
  const each = async (work: (key: string) => unknown): Promise<void> => {
    for (const key of keysOf.flat()) await work(key);
  };
  const at = (index: number) => keysOf[index] as string[];
  return section("cache removeMany, 10 keys", { laps: effort.laps, callsPerLap: calls }, [
    {
      name: "lru-cache",
      enter: () => each((key) => bare.set(key, value)),
      call: (index) => {
        for (const key of at(index)) bare.delete(key);
      },
    },
    {
      name: OURS,
      enter: () => each((key) => tier.set(key, value)),
      call: (index) => tier.removeMany(at(index)),
    },
    ...peers.map((peer) => ({
      name: peer.name,
      enter: () => each((key) => peer.set(key, value)),
      call: (index: number) => peer.removeMany(at(index)),
    })),
  ]);
}

async function section(
  operation: string,
  options: QuickRaceOptions,
  contestants: readonly QuickContestant[],
): Promise<Section> {
  const figures = await quickRace(contestants, options);
  const isGet = operation.startsWith("cache get,");
  const lines = comparedLines(figures, ({ name, p50Ms }) =>
    isGet && name === OURS ? [atMost("ms", p50Ms, GET_MS_MAX)] : [],
  );
  return { operation, engine: "process", inFlight: 1, lines, notes: ["lru-cache is not awaited."] };
}

function structure(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

function keyOf(index: number): string {
  return `profile:${index % KEYS}`;
}
