import { createKeyv } from "@keyv/redis";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { redisDriver } from "bentocache/drivers/redis";
import { createCache } from "cache-manager";
import { Redis } from "ioredis";
import type { JsonObject } from "../../src/json.ts";

/** A cache that somebody could take instead. */
export interface PeerCache extends AsyncDisposable {
  readonly name: string;
  get(key: string): Promise<JsonObject | undefined>;
  getOrSet(key: string, load: () => Promise<JsonObject>): Promise<JsonObject>;
  set(key: string, value: JsonObject): Promise<unknown>;
  removeMany(keys: string[]): Promise<unknown>;
}

const TTL_MS = 900_000;
const ENTRIES_MAX = 50_000;

export function peersInProcess(): PeerCache[] {
  return [
    cacheManager("cache-manager", createCache({ ttl: TTL_MS })),
    bento("BentoCache, memory", bentostore().useL1Layer(memoryDriver({ maxItems: ENTRIES_MAX }))),
    bento(
      "BentoCache, memory, not serialised",
      bentostore().useL1Layer(memoryDriver({ maxItems: ENTRIES_MAX, serialize: false })),
    ),
  ];
}

/** Without anything in front of the server, so that each call reaches it. */
export function peersOnRedis(url: string, keyPrefix: string): PeerCache[] {
  const stores = [createKeyv(url, { namespace: `${keyPrefix}keyv`, useUnlink: true })];
  // Given options instead of a client, BentoCache would lose the URL's parts.
  const client = new Redis(url);
  const driver = redisDriver({ connection: client, prefix: `${keyPrefix}bento` });
  return [
    cacheManager("cache-manager, @keyv/redis", createCache({ stores, ttl: TTL_MS })),
    bento("BentoCache, redisDriver", bentostore().useL2Layer(driver)),
  ];
}

function cacheManager(name: string, cache: ReturnType<typeof createCache>): PeerCache {
  return {
    name,
    get: (key) => cache.get<JsonObject>(key),
    getOrSet: (key, load) => cache.wrap(key, load),
    set: (key, value) => cache.set(key, value),
    removeMany: (keys) => cache.mdel(keys),
    [Symbol.asyncDispose]: async () => cache.disconnect(),
  };
}

function bento(name: string, store: ReturnType<typeof bentostore>): PeerCache {
  const cache = new BentoCache({ default: "only", ttl: TTL_MS, stores: { only: store } });
  return {
    name,
    get: (key) => cache.get<JsonObject>({ key }),
    getOrSet: (key, factory) => cache.getOrSet({ key, factory }),
    set: (key, value) => cache.set({ key, value }),
    removeMany: (keys) => cache.deleteMany({ keys }),
    [Symbol.asyncDispose]: () => cache.disconnectAll(),
  };
}
