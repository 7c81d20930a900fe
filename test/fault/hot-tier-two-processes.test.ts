import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TieredCacheStore } from "../../src/storage/cache/tiered-cache-store.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { TierObserver } from "../../src/storage/observability/tier-observer.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { redisInvalidationChannel } from "../../src/storage/redis/redis-invalidation-channel.ts";
import { resilientCacheStore } from "../../src/storage/resilience/resilient-cache-store.ts";
import { retellRemovals } from "../../src/storage/resilience/retell-removals.ts";
import { DEFAULT_POLICIES } from "../../src/storage/resilience/tier-policy.ts";
import { systemTimers, type Timers } from "../../src/storage/resilience/timers.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";
import { TcpProxy } from "./tcp-proxy.ts";

const DEADLINE_MS = 100;
/** Signs of life are asked for later than usual, so that what happens before is seen on a busy machine too. */
const UNHURRIED: Timers = {
  nowMs: () => systemTimers.nowMs(),
  after: (delayMs, run) => systemTimers.after(delayMs >= 500 ? 3 * delayMs : delayMs, run),
};
const WAIT = { timeout: 10_000, interval: 5 };

const problem = redisProblem();
if (problem !== undefined) process.stderr.write(`${problem}: the suite about two processes is skipped\n`);
const isRequired = process.env["STRONGROOM_REQUIRE_SERVICES"] === "1";

/** A hot tier as a process has it: a part of its own in front of the shared one, which is behind a guard. */
async function openProcess(processId: string, port: number) {
  const closing = new AsyncDisposableStack();
  const url = `redis://127.0.0.1:${port}`;
  const connection = closing.use(await openRedis({ url, connectTimeoutMs: 500, commandTimeoutMs: DEADLINE_MS }));
  const { meters } = createTelemetry({ level: "silent", format: "json" });
  const observer = new TierObserver({
    tier: "hot",
    provider: "redis",
    settings: { level: "metrics" },
    meters: meters.storage,
  });
  const policy = { ...DEFAULT_POLICIES.hot, deadlineMs: DEADLINE_MS };
  const far = closing.use(
    resilientCacheStore(new RedisCacheStore(connection), {
      tier: "hot",
      policy,
      observer,
      isRequired: false,
      timers: UNHURRIED,
    }),
  );
  const channel = closing.use(redisInvalidationChannel(connection, { processId }));
  closing.defer(retellRemovals(far, channel));
  const near = closing.use(new InMemoryCacheStore());
  const cache = closing.use(new TieredCacheStore({ near, far, channel }));
  await expect.poll(() => channel.isConnected(), WAIT).toBe(true);
  return { cache, far, channel, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}

describe.skipIf(problem !== undefined && !isRequired)("two processes, one of which is cut off", () => {
  let redis: ScratchRedis;

  beforeAll(async () => {
    expect(problem).toBeUndefined();
    redis = await ScratchRedis.make();
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
  });

  it("agree again when it is back, whatever the other one read meanwhile", { timeout: 60_000 }, async () => {
    await using proxy = await TcpProxy.to(redis.port);
    await using one = await openProcess("one", proxy.port);
    await using other = await openProcess("other", redis.port);
    await one.cache.set("k", "old");
    expect(await other.cache.get("k")).toEqual({ hit: true, value: "old" });
    await proxy.setFault({ kind: "black-hole" });
    expect(await one.cache.remove("k")).toEqual({ count: 0, degraded: true });
    expect(await one.cache.getOrSet("k", async () => "new")).toBe("new");
    // The first try comes at once and fails; the next one leaves the other process the time to read again.
    await expect.poll(() => one.far.guard.breaker.state, WAIT).toBe("open");
    await expect.poll(() => one.channel.isConnected(), WAIT).toBe(false);
    await proxy.setFault({ kind: "none" });
    await expect.poll(() => one.channel.isConnected(), WAIT).toBe(true);
    expect(await one.far.get("k")).toMatchObject({ degraded: true });
    expect(await other.cache.get("k")).toEqual({ hit: true, value: "old" });
    await expect.poll(() => one.far.guard.breaker.state, WAIT).toBe("closed");
    await expect.poll(() => other.cache.get("k"), { timeout: 1_000, interval: 5 }).toMatchObject({ hit: false });
    expect(await one.cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });
});
