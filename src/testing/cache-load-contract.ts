import { describe, expect, it, vi } from "vitest";
import type { JsonValue } from "../json.ts";
import { cacheStoreOfEachTest, deferred, type OpenCacheStore, until } from "./cache-store-under-test.ts";

/** `getOrSet`: one load for all who ask, under a lease. */
export function cacheLoadContract(open: OpenCacheStore): void {
  describe("getOrSet", () => {
    const test = cacheStoreOfEachTest(open);

    it.each([[null], [0], [false], [""], [{ a: [1] }]])("loads %j once and hits it afterwards", async (value) => {
      const load = vi.fn(async () => value as JsonValue);
      expect(await test.store.getOrSet("k", load)).toEqual(value);
      expect(await test.store.getOrSet("k", load)).toEqual(value);
      expect(load).toHaveBeenCalledTimes(1);
      expect(await test.store.get("k")).toEqual({ hit: true, value });
    });

    it("stores with the life and tags that it is given", async () => {
      await test.store.getOrSet("short", async () => 1, { ttl: 10 });
      await test.store.getOrSet("endless", async () => 1, { ttl: 10, ttlOf: () => "none" });
      await test.store.getOrSet("tagged", async () => 1, { tags: ["t"] });
      test.opened.elapse?.(11);
      await until(async () => !(await test.store.exists("short")));
      expect(await test.store.exists("endless")).toBe(true);
      expect(await test.store.removeByTag("t")).toMatchObject({ count: 1 });
    });

    it("does not store what is given no life", async () => {
      const ttlOf = vi.fn((value: JsonValue) => (value === null ? 0 : 1_000));
      expect(await test.store.getOrSet("k", async () => null, { ttlOf })).toBe(null);
      expect(await test.store.exists("k")).toBe(false);
      expect(await test.store.getOrSet<JsonValue>("k", async () => 1, { ttlOf })).toBe(1);
      expect(await test.store.exists("k")).toBe(true);
      expect(ttlOf.mock.calls).toEqual([[null], [1]]);
    });

    it("loads once for a thousand callers, who cannot disturb each other", async () => {
      const gate = deferred();
      const load = vi.fn(async () => {
        await gate.promise;
        return { list: [1] };
      });
      const calls = Array.from({ length: 1_000 }, () => test.store.getOrSet("k", load));
      await until(() => load.mock.calls.length > 0);
      calls.push(test.store.getOrSet("k", load));
      gate.resolve();
      const values = await Promise.all(calls);
      expect(load).toHaveBeenCalledTimes(1);
      expect(values.every((value) => value.list[0] === 1)).toBe(true);
      expect(() => values[0]?.list.push(2)).toThrow(TypeError);
    });

    it("gives a thousand callers of a cached value what none of them can change for another", async () => {
      await test.store.set("k", { list: [1] });
      const load = vi.fn(async () => ({ list: [2] }));
      const values = await Promise.all(Array.from({ length: 1_000 }, () => test.store.getOrSet("k", load)));
      expect(load).not.toHaveBeenCalled();
      expect(() => values[0]?.list.push(2)).toThrow(TypeError);
      expect(values.every((value) => value.list.length === 1)).toBe(true);
    });

    it("fails once for a thousand callers, stores nothing, and loads again", async () => {
      const failure = new RangeError("no");
      const load = vi.fn(() => Promise.reject(failure));
      const calls = Array.from({ length: 1_000 }, () => test.store.getOrSet("k", load));
      const settled = await Promise.allSettled(calls);
      expect(load).toHaveBeenCalledTimes(1);
      expect(settled.every((each) => each.status === "rejected" && each.reason === failure)).toBe(true);
      expect(await test.store.exists("k")).toBe(false);
      expect(await test.store.getOrSet("k", async () => 2)).toBe(2);
    });

    it("refuses what is no storable JSON, and a throwing load", async () => {
      for (const value of [undefined, Number.NaN, "\u0000"]) {
        const call = test.store.getOrSet("k", async () => value as JsonValue);
        await expect(call).rejects.toMatchObject({ code: "invalid_value" });
      }
      const thrower = (): Promise<JsonValue> => {
        throw new RangeError("at once");
      };
      await expect(test.store.getOrSet("k", thrower)).rejects.toThrow("at once");
      expect(await test.store.exists("k")).toBe(false);
    });

    it("keeps keys apart", async () => {
      const load = (value: string) => test.store.getOrSet(value, async () => value);
      expect(await Promise.all(["a", "b", "a"].map(load))).toEqual(["a", "b", "a"]);
    });

    it.each<readonly [string, (remove: typeof test.store) => Promise<unknown>]>([
      ["of the key", (store) => store.remove("k")],
      ["of the tag", (store) => store.removeByTag("t")],
      ["by a pattern", (store) => store.removeByPattern("k")],
      ["of everything", (store) => store.invalidateAll()],
    ])("does not store or hand out after a removal %s what was being loaded before", async (_, removal) => {
      const [started, gate] = [deferred(), deferred()];
      const early = test.store.getOrSet(
        "k",
        async () => {
          started.resolve();
          await gate.promise;
          return "old";
        },
        { tags: ["t"] },
      );
      await started.promise;
      await removal(test.store);
      const late = test.store.getOrSet("k", async () => "new", { tags: ["t"] });
      expect(await late).toBe("new");
      gate.resolve();
      expect(await early).toBe("old");
      expect(await test.store.get("k")).toEqual({ hit: true, value: "new" });
    });

    it("lets a caller leave, and tells the load when the last has left", async () => {
      const started = deferred<AbortSignal>();
      const load = vi.fn((signal: AbortSignal) => {
        started.resolve(signal);
        return new Promise<JsonValue>(() => undefined);
      });
      const [first, second] = [new AbortController(), new AbortController()];
      const calls = [first, second].map(({ signal }) => test.store.getOrSet("k", load, { signal }));
      const signal = await started.promise;
      first.abort();
      await expect(calls[0]).rejects.toMatchObject({ code: "aborted" });
      expect(signal.aborted).toBe(false);
      second.abort();
      await expect(calls[1]).rejects.toMatchObject({ code: "aborted" });
      expect(signal.aborted).toBe(true);
      expect(load).toHaveBeenCalledTimes(1);
      expect(await test.store.getOrSet("k", async () => 1)).toBe(1);
    });

    it("goes on for those who stay", async () => {
      const [started, gate] = [deferred<AbortSignal>(), deferred()];
      const leaving = new AbortController();
      const load = async (signal: AbortSignal): Promise<JsonValue> => {
        started.resolve(signal);
        await gate.promise;
        return 1;
      };
      const left = test.store.getOrSet("k", load, { signal: leaving.signal });
      const stays = test.store.getOrSet("k", load);
      const signal = await started.promise;
      leaving.abort();
      await expect(left).rejects.toMatchObject({ code: "aborted" });
      gate.resolve();
      expect(await stays).toBe(1);
      expect(signal.aborted).toBe(false);
      expect(await test.store.exists("k")).toBe(true);
    });
  });
}
