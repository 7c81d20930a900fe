import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TierObserver } from "../../src/storage/observability/tier-observer.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import type { RedisConnection } from "../../src/storage/redis/redis-connection.ts";
import { type ResilientCacheStore, resilientCacheStore } from "../../src/storage/resilience/resilient-cache-store.ts";
import { DEFAULT_POLICIES } from "../../src/storage/resilience/tier-policy.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { CacheLoad } from "./cache-load.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";
import { type ProxyFault, TcpProxy } from "./tcp-proxy.ts";

const CLIENTS = 8;
/** Longer than a busy machine holds a process up, which would count as an outage. */
const DEADLINE_MS = 500;
/** A tenth more of the deadline, and what a timer is late by. */
const DEADLINE_SLACK_MS = 60;
const OPEN_MS = 300;
/** After the first failed call the tier is out of the way in this time. */
const DEGRADED_MS_MAX = 5_000;
const RECOVERY_MS_MAX = 10_000;
/** Signs of life that are asked for meanwhile, and connections that are tried. */
const PROBE_BYTES_MAX = 2_000;

const problem = redisProblem();
if (problem !== undefined) process.stderr.write(`${problem}: the suite about an outage of the hot tier is skipped\n`);
const isRequired = process.env["STRONGROOM_REQUIRE_SERVICES"] === "1";

describe.skipIf(problem !== undefined && !isRequired)("a hot tier that goes away", () => {
  let redis: ScratchRedis;
  let proxy: TcpProxy;
  let connection: RedisConnection;
  let cache: ResilientCacheStore;
  let load: CacheLoad;
  let lines: string[];
  const delay = monitorEventLoopDelay({ resolution: 5 });

  beforeAll(async () => {
    expect(problem).toBeUndefined();
    redis = await ScratchRedis.make();
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    proxy = await TcpProxy.to(redis.port);
    const url = `redis://127.0.0.1:${proxy.port}`;
    connection = await openRedis({ url, connectTimeoutMs: 500, commandTimeoutMs: DEADLINE_MS, required: false });
    lines = [];
    cache = guarded(connection, lines);
    load = new CacheLoad(cache, 20_260_304);
    delay.enable();
  });
  afterEach(async () => {
    delay.disable();
    await load.stop();
    await cache[Symbol.asyncDispose]();
    await connection[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const faults: readonly [string, ProxyFault][] = [
    ["refuses connections", { kind: "refuse" }],
    ["resets connections", { kind: "reset" }],
    ["swallows everything", { kind: "black-hole" }],
    ["ends connections on its side", { kind: "half-close" }],
    ["takes a second for everything", { kind: "latency", ms: 1_000 }],
    ["sends byte by byte", { kind: "drip", ms: 100 }],
  ];

  it.each(faults)("because the way to it %s", { timeout: 60_000 }, async (_, fault) => {
    await outage({ begin: () => proxy.setFault(fault), end: () => proxy.setFault({ kind: "none" }) });
  });

  it("because its server is frozen", { timeout: 60_000 }, async () => {
    await outage({ begin: async () => redis.freeze(), end: async () => redis.thaw() });
  });

  it("because its server is killed, and comes back empty", { timeout: 60_000 }, async () => {
    await outage({ begin: () => redis.kill(), end: () => redis.start() });
  });

  it("again and again", { timeout: 60_000 }, async () => {
    load.start(CLIENTS);
    await load.answered(500);
    for (let round = 0; round < 10; round++) {
      await proxy.setFault(round % 2 === 0 ? { kind: "reset" } : { kind: "none" });
      await load.answered(200);
    }
    await closed();
    await load.answered(500);
    await load.stop();
    expect({ failures: load.failures, staleReads: load.staleReads }).toEqual({ failures: [], staleReads: 0 });
    const states = statesTold();
    expect(states.filter((state, index) => state === states[index - 1])).toEqual([]);
    expect(states.at(-1)).toBe("available");
  });

  it("before the process begins", { timeout: 60_000 }, async () => {
    await cache.set("k", "of a process before");
    await proxy.setFault({ kind: "refuse" });
    const url = `redis://127.0.0.1:${proxy.port}`;
    const late = await openRedis({ url, connectTimeoutMs: 500, commandTimeoutMs: DEADLINE_MS, required: false });
    const lateLines: string[] = [];
    const lateCache = guarded(late, lateLines, { startsDown: true });
    try {
      expect(await lateCache.get("k")).toEqual({ hit: false, lease: undefined, degraded: true });
      expect(await lateCache.getOrSet("k", async () => "loaded")).toBe("loaded");
      await proxy.setFault({ kind: "none" });
      await expect.poll(() => lateCache.guard.breaker.state, { timeout: RECOVERY_MS_MAX }).toBe("closed");
      expect(await lateCache.get("k")).toMatchObject({ hit: false, degraded: false });
      expect(toldIn(lateLines)).toEqual(["unavailable", "available"]);
    } finally {
      await lateCache[Symbol.asyncDispose]();
      await late[Symbol.asyncDispose]();
    }
  });

  it("and a value that was written meanwhile does not come back old, in any process", { timeout: 60_000 }, async () => {
    const direct = await openRedis({ url: redis.url, commandTimeoutMs: 2_000 });
    const other = new RedisCacheStore(direct);
    try {
      await cache.set("k", "old");
      expect(await other.get("k")).toEqual({ hit: true, value: "old" });
      await proxy.setFault({ kind: "black-hole" });
      expect(await cache.remove("k")).toEqual({ count: 0, degraded: true });
      expect(await cache.getOrSet("k", async () => "new")).toBe("new");
      await proxy.setFault({ kind: "none" });
      await closed();
      expect(await other.get("k")).toMatchObject({ hit: false });
      expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
    } finally {
      await other[Symbol.asyncDispose]();
      await direct[Symbol.asyncDispose]();
    }
  });

  /** Load before, in and after an outage. Nobody fails, nobody waits, nobody reads what is old. */
  async function outage({ begin, end }: { begin: () => Promise<void>; end: () => Promise<void> }): Promise<void> {
    load.start(CLIENTS);
    await load.answered(1_000);
    load.reset();
    delay.reset();
    const begunMs = performance.now();
    await begin();
    await expect.poll(() => cache.guard.breaker.state, { timeout: DEGRADED_MS_MAX, interval: 1 }).toBe("open");
    const degradedMs = performance.now() - begunMs;
    await load.answered(1_000);
    const sentBytes = proxy.bytesSent;
    await load.answered(40_000);
    const meanwhileBytes = proxy.bytesSent - sentBytes;
    const { slowestMs } = load;
    const waitedMsMax = DEADLINE_MS + DEADLINE_SLACK_MS + (2 * delay.max) / 1e6;
    const endedMs = performance.now();
    await end();
    await closed();
    const recoveredMs = performance.now() - endedMs;
    const told = statesTold();
    await cachesAgain();
    await load.stop();
    process.stderr.write(
      `outage of the hot tier: ${JSON.stringify({
        requests: load.requests,
        degradedMs: Math.round(degradedMs),
        slowestMs: Math.round(slowestMs),
        loopDelayMs: Math.round(delay.max / 1e6),
        meanwhileBytes,
        recoveredMs: Math.round(recoveredMs),
      })}\n`,
    );
    expect({ failures: load.failures, staleReads: load.staleReads }).toEqual({ failures: [], staleReads: 0 });
    expect(slowestMs).toBeLessThan(waitedMsMax);
    expect(meanwhileBytes).toBeLessThan(PROBE_BYTES_MAX);
    expect(told).toEqual(["unavailable", "available"]);
  }

  /** Most requests are answered by the cache. */
  async function cachesAgain(): Promise<void> {
    const loadsOf500 = async (): Promise<number> => {
      load.reset();
      await load.answered(500);
      return load.loads;
    };
    await expect.poll(loadsOf500, { timeout: RECOVERY_MS_MAX }).toBeLessThan(350);
  }

  async function closed(): Promise<void> {
    await expect.poll(() => cache.guard.breaker.state, { timeout: RECOVERY_MS_MAX, interval: 1 }).toBe("closed");
  }

  function statesTold(): string[] {
    return toldIn(lines);
  }
});

function guarded(connection: RedisConnection, lines: string[], more = {}): ResilientCacheStore {
  const stream = { write: (line: string) => void lines.push(line) };
  const { logger, meters } = createTelemetry({ level: "warn", format: "json", stream });
  const observer = new TierObserver({
    tier: "hot",
    provider: "redis",
    settings: { level: "metrics" },
    meters: meters.storage,
    logger,
  });
  const { hot } = DEFAULT_POLICIES;
  const policy = { ...hot, circuitBreaker: { ...hot.circuitBreaker, openMs: OPEN_MS }, deadlineMs: DEADLINE_MS };
  return resilientCacheStore(new RedisCacheStore(connection), {
    tier: "hot",
    policy,
    observer,
    isRequired: false,
    ...more,
  });
}

function toldIn(lines: readonly string[]): string[] {
  return lines.map((line) => (JSON.parse(line) as { state: string }).state);
}
