import { describe, expect, it } from "vitest";
import {
  breakDown,
  DEGRADED_MISS,
  fragileCache,
  leaseOf,
  NOT_REMOVED,
  UNREACHABLE,
} from "../../testing/fragile-cache.ts";
import { settled } from "../../testing/manual-timers.ts";
import type { CacheStore } from "../cache-store.ts";

describe("a cache whose engine comes back", () => {
  it("is asked for a sign of life in the background, and told about once", async () => {
    const tier = fragileCache();
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
    const tier = fragileCache();
    const { cache, engine, faults, timers } = tier;
    await engine.set("k", "old");
    await engine.set("l", "not removed, but who knows");
    await breakDown(tier);
    expect(await cache.remove("k")).toEqual(NOT_REMOVED);
    faults.heal();
    await timers.advance(5_000);
    expect(faults.calls).toEqual(["ping", "invalidateAll"]);
    expect(tier.madeUp).toEqual([{ by: "all" }]);
    expect(await cache.getMany(["k", "l"])).toMatchObject([{ hit: false }, { hit: false }]);
  });

  it("reads nothing before it has made up for lost removals, and those that come meanwhile count", async () => {
    const tier = fragileCache();
    const { cache, engine, faults, timers } = tier;
    await engine.set("k", "old");
    await breakDown(tier);
    await cache.remove("k");
    faults.heal();
    faults.inject({ fault: { kind: "hold", when: "after" }, methods: ["invalidateAll"], times: 1 });
    await timers.advance(1_000);
    expect(cache.guard.breaker.state).toBe("half-open");
    expect(await cache.get("k")).toEqual(DEGRADED_MISS);
    await engine.set("l", "old");
    faults.inject({ fault: UNREACHABLE, methods: ["remove"], times: 1 });
    expect(await cache.remove("l")).toEqual(NOT_REMOVED);
    expect(await cache.remove("m")).toEqual({ count: 0, degraded: false });
    faults.release();
    await settled();
    await settled();
    expect(cache.guard.breaker.state).toBe("closed");
    expect(faults.calls.filter((method) => method === "invalidateAll")).toHaveLength(2);
    expect(await cache.get("l")).toMatchObject({ hit: false, degraded: false });
  });

  it("stays away when it cannot make up for them", async () => {
    const tier = fragileCache();
    const { cache, engine, faults, timers } = tier;
    await engine.set("k", "old");
    await breakDown(tier);
    await cache.remove("k");
    faults.heal();
    faults.inject({ fault: UNREACHABLE, methods: ["invalidateAll"], times: 2 });
    await timers.advance(1_000);
    await timers.advance(2_000);
    expect(cache.guard.breaker.state).toBe("open");
    expect(await cache.get("k")).toEqual(DEGRADED_MISS);
    await timers.advance(4_000);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });

  it("owes them still when it gave no answer to that", async () => {
    const tier = fragileCache();
    const { cache, engine, faults, timers } = tier;
    await engine.set("k", "old");
    await breakDown(tier);
    await cache.remove("k");
    faults.heal();
    faults.inject({ fault: { kind: "hang" }, methods: ["invalidateAll"], times: 1 });
    await timers.advance(1_000);
    await timers.advance(2_000);
    expect(cache.guard.breaker.state).toBe("open");
    await timers.advance(2_000);
    expect(cache.guard.breaker.state).toBe("closed");
    expect(faults.calls).toEqual(["ping", "invalidateAll", "ping", "invalidateAll"]);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });

  it("forgets everything when it was down at the start", async () => {
    const { cache, engine, faults, timers, logged } = fragileCache({ startsDown: true });
    await engine.set("k", "of a process that ended before it could remove it");
    expect(await cache.get("k")).toEqual(DEGRADED_MISS);
    await timers.advance(0);
    expect(faults.calls).toEqual(["ping", "invalidateAll"]);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
    expect(logged("storage_state_changed")).toHaveLength(2);
  });

  it("is used at once when somebody else found it alive", async () => {
    const tier = fragileCache();
    await breakDown(tier);
    await expect(tier.cache.ping()).rejects.toMatchObject({ code: "storage_unavailable" });
    tier.faults.heal();
    await tier.cache.ping();
    expect(tier.cache.guard.breaker.state).toBe("closed");
  });

  it("takes no caller's call for a probe, and none while it is slow to answer one", async () => {
    const tier = fragileCache();
    const { cache, faults, timers } = tier;
    await breakDown(tier);
    faults.heal();
    faults.inject({ fault: { kind: "hang" }, methods: ["ping"], times: 1 });
    await timers.advance(1_000);
    expect(await cache.get("k")).toEqual(DEGRADED_MISS);
    expect({ state: cache.guard.breaker.state, calls: faults.calls }).toEqual({ state: "half-open", calls: ["ping"] });
    await timers.advance(50);
    expect(cache.guard.breaker.state).toBe("open");
    await timers.advance(2_000);
    expect(cache.guard.breaker.state).toBe("closed");
  });

  it("has room again, whatever became of the calls before", async () => {
    const { cache, faults, timers } = fragileCache({ policy: { bulkhead: { concurrentMax: 3, queueMax: 0 } } });
    faults.inject({ fault: { kind: "hang" }, methods: ["get"] });
    const calls = Array.from({ length: 3 }, () => cache.get("k"));
    await timers.advance(60);
    await Promise.all(calls);
    faults.heal();
    await timers.advance(1_000);
    expect(cache.guard.breaker.state).toBe("closed");
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });
});

describe("a single removal that is lost", () => {
  it.each([
    ["keys", "removeMany", (cache: CacheStore) => cache.removeMany(["k", "l"])],
    ["a tag", "removeByTag", (cache: CacheStore) => cache.removeByTag("t")],
    ["a pattern", "removeByPattern", (cache: CacheStore) => cache.removeByPattern("k*")],
  ])("of %s is made up for at once, and nothing is read before", async (_, method, remove) => {
    const { cache, engine, faults, timers } = fragileCache();
    await engine.set("k", "old", { tags: ["t"] });
    await engine.set("m", "true");
    faults.inject({ fault: UNREACHABLE, methods: [method], times: 1 });
    expect(await remove(cache)).toEqual(NOT_REMOVED);
    expect(cache.guard.breaker.state).toBe("open");
    expect(await cache.get("k")).toEqual(DEGRADED_MISS);
    await timers.advance(0);
    expect(faults.calls).toEqual([method, "ping", method]);
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
    expect(await cache.get("m")).toEqual({ hit: true, value: "true" });
  });

  it("is told once it is made up for, so that others forget what they read meanwhile", async () => {
    const { cache, faults, timers, madeUp } = fragileCache();
    faults.inject({ fault: UNREACHABLE, methods: ["removeMany"], times: 1 });
    faults.inject({ fault: { kind: "hold", when: "before" }, methods: ["removeMany"], times: 1 });
    await cache.removeMany(["k", "l"]);
    await timers.advance(0);
    expect(madeUp).toEqual([]);
    faults.heal();
    await settled();
    expect(madeUp).toEqual([{ by: "keys", keys: ["k", "l"] }]);
  });

  it("outdates what is being loaded", async () => {
    const { cache, faults, timers } = fragileCache();
    const lease = leaseOf(await cache.get("k"));
    faults.inject({ fault: UNREACHABLE, methods: ["remove"], times: 1 });
    await cache.remove("k");
    await timers.advance(0);
    expect(await cache.set("k", "old", { lease })).toBe("refused");
  });

  it("is done although its caller has left", async () => {
    const { cache, engine, faults } = fragileCache();
    await engine.set("k", "old");
    faults.inject({ fault: { kind: "hold", when: "after" }, methods: ["remove"] });
    const controller = new AbortController();
    const call = cache.remove("k", { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "aborted" });
    faults.heal();
    await settled();
    expect(await cache.get("k")).toMatchObject({ hit: false, degraded: false });
  });

  it("is one of everything when there are too many", async () => {
    const { cache, faults, timers } = fragileCache();
    const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}`);
    faults.inject({ fault: UNREACHABLE, methods: ["removeMany", "removeByTag"], times: 2 });
    await Promise.all([cache.removeMany(keys), cache.removeByTag("t")]);
    await timers.advance(0);
    expect(faults.calls).toEqual(["removeMany", "removeByTag", "ping", "invalidateAll"]);
  });
});
