import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import { FaultInjector, type FaultRule, withFaults } from "../../testing/fault-injection.ts";
import { settled } from "../../testing/manual-timers.ts";
import { type WatchedTierOptions, watchedTier } from "../../testing/watched-tier.ts";
import type { CacheLease, CacheLookup } from "../cache-store.ts";
import { InMemoryCacheStore } from "../in-memory/in-memory-cache-store.ts";
import { resilientCacheStore } from "./resilient-cache-store.ts";
import { DEFAULT_POLICIES } from "./tier-policy.ts";

const FAILURE = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
const UNANSWERED = { kind: "fail", when: "after", code: "storage_timeout" } as const;
const MISS = { hit: false, lease: undefined, degraded: true };
const NOT_REMOVED = { count: 0, degraded: true };

function open(options: Partial<WatchedTierOptions> = {}) {
  const tier = watchedTier({ tier: "hot", ...options });
  const engine = new InMemoryCacheStore({ nowMs: () => tier.timers.nowMs() });
  const faults = new FaultInjector();
  const cache = resilientCacheStore(withFaults(engine, faults), tier.options);
  return { ...tier, engine, faults, cache, breaker: cache.guard.breaker };
}

function leaseOf(lookup: CacheLookup<JsonValue>): CacheLease | undefined {
  return lookup.hit ? undefined : lookup.lease;
}

/** Fails three reads, which is an outage. */
async function breakDown({ faults, cache }: ReturnType<typeof open>): Promise<void> {
  faults.inject({ fault: FAILURE });
  for (let count = 0; count < 3; count++) await cache.get("k");
  faults.calls.length = 0;
}

describe("a cache whose engine works", () => {
  it("is the engine", async () => {
    const { cache } = open();
    const lease = leaseOf(await cache.get("k", { tags: ["t"] }));
    expect(lease).toBeDefined();
    expect(await cache.set("k", { a: 1 }, { lease, tags: ["t"] })).toBe("stored");
    expect(await cache.get("k")).toEqual({ hit: true, value: { a: 1 } });
    expect(await cache.getMany(["k", "l"])).toMatchObject([{ hit: true }, { hit: false, degraded: false }]);
    expect(await cache.exists("k")).toBe(true);
    expect(await cache.increment("n", { delta: 2 })).toEqual({ outcome: "counted", value: 2 });
    expect(await cache.removeByTag("t")).toEqual({ count: 1, degraded: false });
    expect(await cache.getOrSet("k", async () => 5)).toBe(5);
    expect(await cache.get("k")).toEqual({ hit: true, value: 5 });
    expect(await cache.removeByPattern("*")).toEqual({ count: 1, degraded: false });
    await cache.set("k", 1);
    expect(await cache.remove("k")).toEqual({ count: 1, degraded: false });
    expect(await cache.removeMany(["k", "l"])).toEqual({ count: 0, degraded: false });
    await cache.set("k", 1);
    await cache.invalidateAll();
    expect(await cache.exists("k")).toBe(false);
    expect(cache.capabilities.shared).toBe(false);
    expect(cache.statistics()).toMatchObject({ errors: 0, requests: 6 });
  });

  it("passes on what is the caller's own mistake, and does not hold it against the engine", async () => {
    const { cache, breaker } = open();
    for (let count = 0; count < 5; count++) {
      await expect(cache.get("")).rejects.toMatchObject({ code: "invalid_value" });
      await expect(cache.remove("")).rejects.toMatchObject({ code: "invalid_value" });
    }
    await expect(cache.getMany(Array.from({ length: 1_001 }, String))).rejects.toMatchObject({
      code: "limit_exceeded",
    });
    expect(breaker.state).toBe("closed");
  });

  it("hands on the signal, and rejects when it has fired", async () => {
    const { cache, faults, breaker } = open();
    const signal = AbortSignal.abort();
    for (const call of [() => cache.get("k", { signal }), () => cache.remove("k", { signal })]) {
      await expect(call()).rejects.toMatchObject({ code: "aborted" });
    }
    expect(faults.calls).toEqual([]);
    faults.inject({ fault: { kind: "hang" } });
    const controller = new AbortController();
    const call = cache.get("k", { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    expect(breaker.state).toBe("closed");
  });

  it("passes on what the load of a cached read throws, to all who wait for it", async () => {
    const { cache, breaker } = open();
    const load = () => Promise.reject(new VaultError("storage_unavailable", "The database's."));
    const calls = Array.from({ length: 5 }, () => cache.getOrSet("k", load));
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(breaker.state).toBe("closed");
  });
});

describe("a cache whose engine fails", () => {
  const rules: [string, FaultRule][] = [
    ["before the call", { fault: FAILURE }],
    ["after the call", { fault: UNANSWERED }],
  ];

  it.each(rules)("%s answers as an empty one, and says so", async (_, rule) => {
    const calls = [
      ["get", MISS],
      ["getMany", [MISS, MISS]],
      ["set", "skipped"],
      ["exists", false],
      ["increment", { outcome: "unknown" }],
      ["remove", NOT_REMOVED],
      ["removeMany", NOT_REMOVED],
      ["removeByTag", NOT_REMOVED],
      ["removeByPattern", NOT_REMOVED],
      ["invalidateAll", undefined],
    ] as const;
    for (const [method, expected] of calls) {
      const { cache, faults } = open();
      faults.inject({ ...rule, methods: [method] });
      const results = {
        get: () => cache.get("k"),
        getMany: () => cache.getMany(["k", "l"]),
        set: () => cache.set("k", 1),
        exists: () => cache.exists("k"),
        increment: () => cache.increment("n"),
        remove: () => cache.remove("k"),
        removeMany: () => cache.removeMany(["k"]),
        removeByTag: () => cache.removeByTag("t"),
        removeByPattern: () => cache.removeByPattern("*"),
        invalidateAll: () => cache.invalidateAll(),
      };
      expect(await results[method](), method).toEqual(expected);
      expect(faults.calls[0]).toBe(method);
    }
  });

  it("loads what is asked for, once for all who ask, and stores nothing", async () => {
    const { cache, faults, engine } = open();
    faults.inject({ fault: FAILURE });
    let loads = 0;
    const load = async () => ++loads;
    const values = await Promise.all(Array.from({ length: 100 }, () => cache.getOrSet("k", load)));
    expect({ loads, values: new Set(values) }).toEqual({ loads: 1, values: new Set([1]) });
    expect(await engine.exists("k")).toBe(false);
  });

  it("by not answering is done without at its deadline", async () => {
    const { cache, faults, timers } = open();
    faults.inject({ fault: { kind: "hang" } });
    const results: unknown[] = [];
    const note = (result: unknown): number => results.push(result);
    void cache.get("k").then(note);
    void cache.set("k", 1).then(note);
    void cache.remove("k").then(note);
    await timers.advance(49);
    expect(results).toEqual([]);
    await timers.advance(7);
    expect(results).toEqual([MISS, "skipped", NOT_REMOVED]);
  });

  it("is not called any more after three failures, and told about once", async () => {
    const tier = open();
    await breakDown(tier);
    const { cache, faults, breaker, logged } = tier;
    expect(breaker.state).toBe("open");
    for (let count = 0; count < 100; count++) {
      expect(await cache.get("k")).toEqual(MISS);
      expect(await cache.getMany(["k", "l"])).toEqual([MISS, MISS]);
      expect(await cache.set("k", 1)).toBe("skipped");
      expect(await cache.exists("k")).toBe(false);
      expect(await cache.increment("n")).toEqual({ outcome: "unknown" });
      expect(await cache.remove("k")).toEqual(NOT_REMOVED);
      expect(await cache.getOrSet("k", async () => count)).toBe(count);
    }
    expect(faults.calls).toEqual([]);
    expect(logged("storage_state_changed")).toEqual([
      expect.objectContaining({ level: "warn", tier: "hot", state: "unavailable", code: "storage_unavailable" }),
    ]);
    expect(cache.statistics().errors).toBe(400);
  });

  it("by being slow costs three timeouts, and then nothing", async () => {
    const { cache, faults, timers, breaker } = open();
    faults.inject({ fault: { kind: "hang" } });
    const calls = Array.from({ length: 3 }, () => cache.get("k"));
    await timers.advance(60);
    expect(await Promise.all(calls)).toEqual([MISS, MISS, MISS]);
    expect(breaker.state).toBe("open");
    expect(await cache.get("k")).toEqual(MISS);
    expect(faults.calls).toHaveLength(3);
  });

  it("never has more calls than it may, and gets removals all the same", async () => {
    const bulkhead = { concurrentMax: 2, queueMax: 1 };
    const { cache, faults, breaker, engine } = open({ policy: { bulkhead } });
    await engine.set("k", 1);
    faults.inject({ fault: { kind: "hold" }, methods: ["get"] });
    const calls = Array.from({ length: 4 }, () => cache.get("k"));
    expect(await calls[3]).toEqual(MISS);
    expect(faults.calls).toEqual(["get", "get"]);
    expect(await cache.remove("k")).toEqual({ count: 1, degraded: false });
    faults.heal();
    expect(await Promise.all(calls)).toMatchObject([
      { hit: true },
      { hit: true },
      { hit: false, degraded: false },
      MISS,
    ]);
    expect(breaker.state).toBe("closed");
  });

  it("and is closed rejects with closed", async () => {
    const tier = open();
    await breakDown(tier);
    await tier.cache[Symbol.asyncDispose]();
    await expect(tier.cache.get("k")).rejects.toMatchObject({ code: "closed" });
    await expect(tier.cache.getOrSet("k", async () => 1)).rejects.toMatchObject({ code: "closed" });
    await expect(tier.cache.ping()).rejects.toMatchObject({ code: "closed" });
    await tier.timers.advance(60_000);
    expect(tier.faults.calls).toEqual([]);
  });
});

describe("a cache whose engine comes back", () => {
  it("is asked for a sign of life in the background, and told about once", async () => {
    const tier = open();
    await breakDown(tier);
    const { cache, faults, timers, logged, engine } = tier;
    await engine.set("k", "still true");
    await timers.advance(1_000);
    expect(faults.calls).toEqual(["ping"]);
    faults.heal();
    await timers.advance(2_000);
    expect(faults.calls).toEqual(["ping", "ping"]);
    expect(await cache.get("k")).toEqual({ hit: true, value: "still true" });
    expect(logged("storage_state_changed").map(({ state, level }) => [state, level])).toEqual([
      ["unavailable", "warn"],
      ["available", "warn"],
    ]);
  });

  it("serves nothing from before the outage when a removal was lost in it", async () => {
    const tier = open();
    const { cache, engine, faults, timers } = tier;
    await engine.set("k", "old");
    await engine.set("l", "not removed, but who knows");
    await breakDown(tier);
    expect(await cache.remove("k")).toEqual(NOT_REMOVED);
    faults.heal();
    await timers.advance(5_000);
    expect(faults.calls).toEqual(["ping", "invalidateAll"]);
    expect(await cache.getMany(["k", "l"])).toMatchObject([{ hit: false }, { hit: false }]);
  });

  it("reads nothing before it has made up for lost removals, and those that come meanwhile count", async () => {
    const tier = open();
    const { cache, engine, faults, timers, breaker } = tier;
    await engine.set("k", "old");
    await breakDown(tier);
    await cache.remove("k");
    faults.heal();
    faults.inject({ fault: { kind: "hold" }, methods: ["invalidateAll"], times: 1 });
    await timers.advance(1_000);
    expect(breaker.state).toBe("half-open");
    expect(await cache.get("k")).toEqual(MISS);
    await engine.set("l", "old");
    faults.inject({ fault: FAILURE, methods: ["remove"], times: 1 });
    expect(await cache.remove("l")).toEqual(NOT_REMOVED);
    expect(await cache.remove("m")).toEqual({ count: 0, degraded: false });
    faults.release();
    await settled();
    await settled();
    expect(breaker.state).toBe("closed");
    expect(faults.calls.filter((method) => method === "invalidateAll")).toHaveLength(2);
    expect(await cache.get("l")).toMatchObject({ hit: false, degraded: false });
  });

  it("stays away when it cannot make up for them", async () => {
    const tier = open();
    const { cache, engine, faults, timers, breaker } = tier;
    await engine.set("k", "old");
    await breakDown(tier);
    await cache.remove("k");
    faults.heal();
    faults.inject({ fault: FAILURE, methods: ["invalidateAll"], times: 2 });
    await timers.advance(1_000);
    await timers.advance(2_000);
    expect(breaker.state).toBe("open");
    expect(await cache.get("k")).toEqual(MISS);
    await timers.advance(4_000);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });

  it("forgets everything when it was down at the start", async () => {
    const { cache, engine, faults, timers, logged } = open({ startsDown: true });
    await engine.set("k", "of a process that ended before it could remove it");
    expect(await cache.get("k")).toEqual(MISS);
    await timers.advance(0);
    expect(faults.calls).toEqual(["ping", "invalidateAll"]);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
    expect(logged("storage_state_changed")).toHaveLength(2);
  });

  it("is used at once when somebody else found it alive", async () => {
    const tier = open();
    await breakDown(tier);
    await expect(tier.cache.ping()).rejects.toMatchObject({ code: "storage_unavailable" });
    tier.faults.heal();
    await tier.cache.ping();
    await settled();
    expect(tier.breaker.state).toBe("closed");
  });

  it("takes no caller's call for a probe, and none while it is slow to answer one", async () => {
    const tier = open();
    const { cache, faults, timers, breaker } = tier;
    await breakDown(tier);
    faults.heal();
    faults.inject({ fault: { kind: "hang" }, methods: ["ping"], times: 1 });
    await timers.advance(1_000);
    expect(await cache.get("k")).toEqual(MISS);
    expect({ state: breaker.state, calls: faults.calls }).toEqual({ state: "half-open", calls: ["ping"] });
    await timers.advance(50);
    expect(breaker.state).toBe("open");
    await timers.advance(2_000);
    expect(breaker.state).toBe("closed");
  });

  it("has room again, whatever became of the calls before", async () => {
    const { cache, faults, timers, breaker } = open({ policy: { bulkhead: { concurrentMax: 3, queueMax: 0 } } });
    faults.inject({ fault: { kind: "hang" }, methods: ["get"] });
    const calls = Array.from({ length: 3 }, () => cache.get("k"));
    await timers.advance(60);
    await Promise.all(calls);
    faults.heal();
    await timers.advance(1_000);
    expect(breaker.state).toBe("closed");
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });
});

describe("a single removal that is lost", () => {
  it.each([
    ["keys", "removeMany", (cache: ReturnType<typeof open>["cache"]) => cache.removeMany(["k", "l"])],
    ["a tag", "removeByTag", (cache: ReturnType<typeof open>["cache"]) => cache.removeByTag("t")],
    ["a pattern", "removeByPattern", (cache: ReturnType<typeof open>["cache"]) => cache.removeByPattern("k*")],
  ])("of %s is made up for at once, and nothing is read before", async (_, method, remove) => {
    const { cache, engine, faults, timers, breaker } = open();
    await engine.set("k", "old", { tags: ["t"] });
    await engine.set("m", "true");
    faults.inject({ fault: FAILURE, methods: [method], times: 1 });
    expect(await remove(cache)).toEqual(NOT_REMOVED);
    expect(breaker.state).toBe("open");
    expect(await cache.get("k")).toEqual(MISS);
    await timers.advance(0);
    expect(faults.calls).toEqual([method, "ping", method]);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
    expect(await cache.get("m")).toEqual({ hit: true, value: "true" });
  });

  it("outdates what is being loaded", async () => {
    const { cache, faults, timers } = open();
    const lease = leaseOf(await cache.get("k"));
    faults.inject({ fault: FAILURE, methods: ["remove"], times: 1 });
    await cache.remove("k");
    await timers.advance(0);
    expect(await cache.set("k", "old", { lease })).toBe("refused");
  });

  it("is done although its caller has left", async () => {
    const { cache, engine, faults } = open();
    await engine.set("k", "old");
    faults.inject({ fault: { kind: "hold" }, methods: ["remove"] });
    const controller = new AbortController();
    const call = cache.remove("k", { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    faults.heal();
    await settled();
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });

  it("is one of everything when there are too many", async () => {
    const { cache, faults, timers } = open();
    const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
    faults.inject({ fault: FAILURE, methods: ["removeMany", "removeByTag"], times: 2 });
    await Promise.all([cache.removeMany(keys), cache.removeByTag("t")]);
    await timers.advance(0);
    expect(faults.calls).toEqual(["removeMany", "removeByTag", "ping", "invalidateAll"]);
  });
});

it("uses its default policy as documented", () => {
  const { circuitBreaker, deadlineMs, retry } = DEFAULT_POLICIES.hot;
  expect(circuitBreaker).toMatchObject({ consecutiveFailures: 3, failureRatio: 0.5, callsMin: 5, openMs: 5_000 });
  expect({ deadlineMs, retries: retry.retriesMax }).toEqual({ deadlineMs: 50, retries: 0 });
});
