import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json.ts";
import type { CacheLookup } from "../storage/cache-store.ts";
import { cacheStoreOfEachTest, EVERY_METHOD, type OpenCacheStore, until } from "./cache-store-under-test.ts";

const METHODS = Object.entries(EVERY_METHOD);

/** What all methods have in common, statistics, and the end. */
export function cacheLifecycleContract(open: OpenCacheStore): void {
  describe("every method", () => {
    const test = cacheStoreOfEachTest(open);

    it.each(["", "x".repeat(513), "a\u0000b", "\ud800", 7 as unknown as string])(
      "refuses the key or tag %j",
      async (text) => {
        const { store } = test;
        const calls = [
          store.get(text),
          store.get("k", { tags: [text] }),
          store.getMany(["k", text]),
          store.set(text, 1),
          store.set("k", 1, { tags: [text] }),
          store.remove(text),
          store.removeMany(["k", text]),
          store.exists(text),
          store.getOrSet(text, async () => 1),
          store.getOrSet("k", async () => 1, { tags: [text] }),
          store.removeByTag(text),
          store.increment(text),
        ];
        for (const call of await Promise.allSettled(calls)) {
          expect(call).toMatchObject({ status: "rejected", reason: { code: "invalid_value" } });
        }
        expect(await store.exists("k")).toBe(false);
      },
    );

    it.each(METHODS)("is not begun when the caller has given up: %s", async (_, call) => {
      await test.store.set("key", "there");
      const aborted = call(test.store, { signal: AbortSignal.abort() });
      await expect(aborted).rejects.toMatchObject({ code: "aborted" });
      expect(await test.store.get("key")).toEqual({ hit: true, value: "there" });
      expect(await test.store.increment("key")).toEqual({ outcome: "counted", value: 1 });
    });

    it.each(METHODS)("takes a signal that never fires: %s", async (_, call) => {
      await call(test.store, { signal: new AbortController().signal });
    });

    it.each(METHODS)("is refused after the end: %s", async (_, call) => {
      await test.store[Symbol.asyncDispose]();
      await expect(call(test.store)).rejects.toMatchObject({ code: "closed" });
      await test.store[Symbol.asyncDispose]();
    });
  });

  describe("statistics", () => {
    const test = cacheStoreOfEachTest(open);

    it("are empty at first", () => {
      expect(test.store.statistics()).toMatchObject({
        requests: 0,
        hits: 0,
        misses: 0,
        errors: 0,
        hitRate: 0,
        averageLatencyMs: null,
        p99LatencyMs: null,
      });
    });

    it("count what was looked up, and measure every call", async () => {
      await test.store.set("a", null);
      const afterSet = test.store.statistics();
      expect(afterSet).toMatchObject({ requests: 0, averageLatencyMs: expect.any(Number) });
      expect(afterSet.averageLatencyMs).toBeGreaterThan(0);
      await test.store.get("a");
      await test.store.get("b");
      await test.store.getMany(["a", "b", "c", "a"]);
      await test.store.getOrSet("a", async () => 1);
      await test.store.getOrSet("d", async () => 1);
      await test.store.exists("a");
      await test.store.remove("a");
      const { p99LatencyMs, ...statistics } = test.store.statistics();
      expect(statistics).toMatchObject({ requests: 8, hits: 4, misses: 4, errors: 0, hitRate: 0.5 });
      expect(p99LatencyMs).toBeGreaterThan(0);
    });

    it("tell how many entries there are, or that they cannot", async () => {
      await Promise.all(["a", "b", "c"].map((key) => test.store.set(key, 1)));
      await test.store.remove("a");
      const { entries, evictions } = test.store.statistics();
      expect([2, null]).toContain(entries);
      expect([0, null]).toContain(evictions);
    });
  });

  describe("another store over the same entries", () => {
    const test = cacheStoreOfEachTest(open);

    it("sees what the first one did within a second, where they are shared", async (context) => {
      const other = (await test.opened.another?.()) ?? context.skip("stores neither share nor leave alone");
      await using _ = other;
      const { shared } = test.store.capabilities;
      const isGone = () => until(async () => (await test.store.get("k")).hit !== shared, 1_000);
      expect(other.capabilities).toEqual(test.store.capabilities);
      await test.store.set("k", 1, { tags: ["t"] });
      expect((await other.get("k")).hit).toBe(shared);
      await test.store.increment("n");
      expect(await other.increment("n")).toEqual({ outcome: "counted", value: shared ? 2 : 1 });
      expect((await other.removeByTag("t")).count).toBe(shared ? 1 : 0);
      await isGone();
      await test.store.set("k", 2);
      expect((await other.removeByPattern("?")).count).toBe(shared ? 1 : 0);
      await isGone();
      await test.store.set("k", 3);
      await other.remove("k");
      await isGone();
      await test.store.set("k", 4);
      await other.invalidateAll();
      await isGone();
      await test.store.set("k", 5);
      await other.set("k", 6);
      await until(async () => valueOf(await test.store.get("k")) === (shared ? 6 : 5), 1_000);
    });
  });
}

function valueOf(lookup: CacheLookup<JsonValue>): JsonValue | undefined {
  return lookup.hit ? lookup.value : undefined;
}
