import { describe } from "vitest";
import { HeartbeatChannel } from "../../src/storage/cache/heartbeat-channel.ts";
import type { InvalidationChannel } from "../../src/storage/cache/invalidation-channel.ts";
import { NearCacheStore } from "../../src/storage/cache/near-cache-store.ts";
import { TieredCacheStore } from "../../src/storage/cache/tiered-cache-store.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { redisInvalidationChannel } from "../../src/storage/redis/redis-invalidation-channel.ts";
import { cacheStoreContract } from "../../src/testing/cache-store-contract.ts";
import { until } from "../../src/testing/cache-store-under-test.ts";
import { MessageHub } from "../../src/testing/message-hub.ts";
import { openRedisUnderTest } from "../../src/testing/redis-under-test.ts";

let processes = 0;
const processId = () => `test-${++processes}`;

async function connected(channel: InvalidationChannel): Promise<InvalidationChannel> {
  await until(() => channel.isConnected());
  return channel;
}

cacheStoreContract("a process's own tier alone", async ({ defaultTtlMs }) => {
  const stack = new AsyncDisposableStack();
  let nowMs = 1_772_530_200_000;
  const near = stack.use(new InMemoryCacheStore({ entriesMax: 5_000, nowMs: () => nowMs, defaultTtlMs }));
  const channel = stack.use(new HeartbeatChannel(new MessageHub().open(), { processId: processId() }));
  return {
    store: stack.use(new NearCacheStore({ near, channel: await connected(channel), defaultTtlMs })),
    elapse: (ms) => {
      nowMs += ms;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
});

cacheStoreContract("two tiers in one process", async ({ defaultTtlMs }) => {
  let nowMs = 1_772_530_200_000;
  const stack = new AsyncDisposableStack();
  const hub = new MessageHub();
  const far = stack.use(new InMemoryCacheStore({ entriesMax: 5_000, nowMs: () => nowMs, defaultTtlMs }));
  Object.assign(far.capabilities, { shared: true });
  const open = async () => {
    const near = stack.use(new InMemoryCacheStore({ entriesMax: 5_000, nowMs: () => nowMs, defaultTtlMs }));
    const channel = stack.use(new HeartbeatChannel(hub.open(), { processId: processId() }));
    return stack.use(new TieredCacheStore({ near, far, channel: await connected(channel), defaultTtlMs }));
  };
  return {
    store: await open(),
    elapse: (ms) => {
      nowMs += ms;
    },
    another: open,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
});

const url = process.env["REDIS_URL"];

describe.skipIf(!url)("on a server", () => {
  cacheStoreContract("a process's own tier in front of Redis", async ({ defaultTtlMs }) => {
    const stack = new AsyncDisposableStack();
    const connection = stack.use(await openRedisUnderTest(url ?? ""));
    const open = async () => {
      const near = stack.use(new InMemoryCacheStore({ entriesMax: 5_000 }));
      const far = stack.use(new RedisCacheStore(connection, { defaultTtlMs }));
      const channel = stack.use(redisInvalidationChannel(connection, { processId: processId() }));
      return stack.use(new TieredCacheStore({ near, far, channel: await connected(channel), defaultTtlMs }));
    };
    return { store: await open(), another: open, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  });
});
