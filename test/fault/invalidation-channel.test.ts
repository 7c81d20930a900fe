import { afterEach, describe, expect, it } from "vitest";
import type { InvalidationChannel } from "../../src/storage/cache/invalidation-channel.ts";
import { postgresInvalidationChannel } from "../../src/storage/postgres/postgres-invalidation-channel.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import { redisInvalidationChannel } from "../../src/storage/redis/redis-invalidation-channel.ts";
import { until } from "../../src/testing/cache-store-under-test.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";
import { TcpProxy } from "./tcp-proxy.ts";

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

/** From a connection over which nothing passes any more, although nobody ended it, and back. */
async function loseEverything(proxy: TcpProxy, channel: InvalidationChannel): Promise<void> {
  await until(() => channel.isConnected());
  const { connections } = proxy;
  await proxy.setFault({ kind: "black-hole" });
  const lostMs = performance.now();
  await until(() => !channel.isConnected(), 1_000);
  expect(performance.now() - lostMs).toBeLessThan(1_000);
  expect(await Promise.race([channel.publish({ what: "all" }), neverLater()])).toBe(false);
  // Nobody tells that the connections are of no use any more.
  await until(() => proxy.connections >= 2 * connections, 20_000);
  await proxy.setFault({ kind: "none" });
  await until(() => channel.isConnected(), 30_000);
}

function neverLater(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, 5_000, "no answer").unref();
  });
}

describe("an invalidation channel over which nothing passes any more", { timeout: 60_000 }, () => {
  it.skipIf(redisProblem())("to Redis is noticed within a second, and replaced", async () => {
    const server = opened.use(await ScratchRedis.make());
    const proxy = opened.use(await TcpProxy.to(server.port));
    const url = `redis://127.0.0.1:${proxy.port}`;
    const connection = opened.use(await openRedis({ url, commandTimeoutMs: 500, connectTimeoutMs: 1_000 }));
    await loseEverything(proxy, opened.use(redisInvalidationChannel(connection, { processId: "one" })));
  });

  it.skipIf(!process.env["DATABASE_URL"])("to PostgreSQL is noticed within a second, and replaced", async () => {
    const url = new URL(process.env["DATABASE_URL"] ?? "");
    const proxy = opened.use(await TcpProxy.to(Number(url.port || 5432)));
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const options = { url: url.href, schema: "scratch", processId: "one", connectTimeoutMs: 1_000 };
    await loseEverything(proxy, opened.use(postgresInvalidationChannel(options)));
  });
});
