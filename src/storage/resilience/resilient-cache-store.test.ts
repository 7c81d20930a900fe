import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import type { FaultRule } from "../../testing/fault-injection.ts";
import {
  breakDown,
  DEGRADED_MISS,
  fragileCache,
  leaseOf,
  NOT_REMOVED,
  UNREACHABLE,
} from "../../testing/fragile-cache.ts";
import { settled } from "../../testing/manual-timers.ts";
import { DEFAULT_POLICIES } from "./tier-policy.ts";

const UNANSWERED = { kind: "fail", when: "after", code: "storage_timeout" } as const;

describe("a cache whose engine works", () => {
  it("is the engine", async () => {
    const { cache } = fragileCache();
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
    const { cache } = fragileCache();
    for (let count = 0; count < 5; count++) {
      await expect(cache.get("")).rejects.toMatchObject({ code: "invalid_value" });
      await expect(cache.remove("")).rejects.toMatchObject({ code: "invalid_value" });
    }
    await expect(cache.getMany(Array.from({ length: 1_001 }, String))).rejects.toMatchObject({
      code: "limit_exceeded",
    });
    expect(cache.guard.breaker.state).toBe("closed");
  });

  it("hands on the signal, and rejects when it has fired", async () => {
    const { cache, faults } = fragileCache();
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
    expect(cache.guard.breaker.state).toBe("closed");
  });

  it("passes on what the load of a cached read throws, to all who wait for it", async () => {
    const { cache } = fragileCache();
    const load = () => Promise.reject(new VaultError("storage_unavailable", "The database's."));
    const calls = Array.from({ length: 5 }, () => cache.getOrSet("k", load));
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(cache.guard.breaker.state).toBe("closed");
  });
});

describe("a cached read", () => {
  it("that begins while a removal is under way gives what it found to nobody who asks after the removal", async () => {
    const { cache, engine, faults } = fragileCache();
    await engine.set("k", "old");
    faults.inject({ fault: { kind: "hold", when: "before" }, methods: ["remove"] });
    faults.inject({ fault: { kind: "hold", when: "after" }, methods: ["get"], times: 1 });
    const removal = cache.remove("k");
    const during = cache.getOrSet("k", async () => "new");
    await settled();
    // The removal is let go, and then the answer of the read that was before it.
    faults.release(1);
    await removal;
    const after = cache.getOrSet("k", async () => "new");
    faults.heal();
    expect(await Promise.all([during, after])).toEqual(["old", "new"]);
  });
});

describe("a cache whose engine fails", () => {
  const rules: [string, FaultRule][] = [
    ["before the call", { fault: UNREACHABLE }],
    ["after the call", { fault: UNANSWERED }],
  ];

  it.each(rules)("%s answers as an empty one, and says so", async (_, rule) => {
    const calls = [
      ["get", DEGRADED_MISS],
      ["getMany", [DEGRADED_MISS, DEGRADED_MISS]],
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
      const { cache, faults } = fragileCache();
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
      expect({ method, result: await results[method]() }).toEqual({ method, result: expected });
      expect(faults.calls[0]).toBe(method);
    }
  });

  it("loads what is asked for, once for all who ask, and stores nothing", async () => {
    const { cache, faults, engine } = fragileCache();
    faults.inject({ fault: UNREACHABLE });
    let loads = 0;
    const load = async () => ++loads;
    const values = await Promise.all(Array.from({ length: 100 }, () => cache.getOrSet("k", load)));
    expect({ loads, values: new Set(values) }).toEqual({ loads: 1, values: new Set([1]) });
    expect(await engine.exists("k")).toBe(false);
  });

  it("by not answering is done without at its deadline", async () => {
    const { cache, faults, timers } = fragileCache();
    faults.inject({ fault: { kind: "hang" } });
    const results: unknown[] = [];
    const note = (result: unknown): number => results.push(result);
    void cache.get("k").then(note);
    void cache.set("k", 1).then(note);
    void cache.remove("k").then(note);
    await timers.advance(49);
    expect(results).toEqual([]);
    await timers.advance(7);
    expect(results).toEqual([DEGRADED_MISS, "skipped", NOT_REMOVED]);
  });

  it("is not called any more after three failures, and told about once", async () => {
    const tier = fragileCache();
    await breakDown(tier);
    const { cache, faults, logged } = tier;
    expect(cache.guard.breaker.state).toBe("open");
    for (let count = 0; count < 100; count++) {
      expect(await cache.get("k")).toEqual(DEGRADED_MISS);
      expect(await cache.getMany(["k", "l"])).toEqual([DEGRADED_MISS, DEGRADED_MISS]);
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
    const { cache, faults, timers } = fragileCache();
    faults.inject({ fault: { kind: "hang" } });
    const calls = Array.from({ length: 3 }, () => cache.get("k"));
    await timers.advance(60);
    expect(await Promise.all(calls)).toEqual([DEGRADED_MISS, DEGRADED_MISS, DEGRADED_MISS]);
    expect(cache.guard.breaker.state).toBe("open");
    expect(await cache.get("k")).toEqual(DEGRADED_MISS);
    expect(faults.calls).toHaveLength(3);
  });

  it("never has more calls than it may, and gets removals all the same", async () => {
    const bulkhead = { concurrentMax: 2, queueMax: 1 };
    const { cache, faults, engine } = fragileCache({ policy: { bulkhead } });
    await engine.set("k", 1);
    faults.inject({ fault: { kind: "hold", when: "after" }, methods: ["get"] });
    const calls = Array.from({ length: 4 }, () => cache.get("k"));
    expect(await calls[3]).toEqual(DEGRADED_MISS);
    expect(faults.calls).toEqual(["get", "get"]);
    expect(await cache.remove("k")).toEqual({ count: 1, degraded: false });
    faults.heal();
    expect(await Promise.all(calls)).toMatchObject([
      { hit: true },
      { hit: true },
      { hit: false, degraded: false },
      DEGRADED_MISS,
    ]);
    expect(cache.guard.breaker.state).toBe("closed");
  });

  it("and is closed rejects with closed", async () => {
    const tier = fragileCache();
    await breakDown(tier);
    await tier.cache[Symbol.asyncDispose]();
    await expect(tier.cache.get("k")).rejects.toMatchObject({ code: "closed" });
    await expect(tier.cache.getOrSet("k", async () => 1)).rejects.toMatchObject({ code: "closed" });
    await expect(tier.cache.ping()).rejects.toMatchObject({ code: "closed" });
    await tier.timers.advance(60_000);
    expect(tier.faults.calls).toEqual([]);
  });
});

it("uses its default policy as documented", () => {
  const { circuitBreaker, deadlineMs, retry } = DEFAULT_POLICIES.hot;
  expect(circuitBreaker).toMatchObject({ consecutiveFailures: 3, failureRatio: 0.5, callsMin: 5, openMs: 5_000 });
  expect({ deadlineMs, retries: retry.retriesMax }).toEqual({ deadlineMs: 50, retries: 0 });
});
