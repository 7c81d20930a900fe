import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json.ts";
import type { CacheIncrement, CacheStore } from "../storage/cache-store.ts";
import { cacheStoreOfEachTest, type OpenCacheStore, until } from "./cache-store-under-test.ts";

/** Keys that only careful engines tell apart, or store at all. */
const KEYS = [
  "k",
  "K",
  "é",
  "e\u0301",
  "ü🗝",
  " ",
  "a b",
  "a:b",
  "a\nb",
  "{",
  "}",
  "{}",
  "}{",
  "{a}b",
  "a}b",
  "*",
  "?",
  "[a]",
  "\\",
  "\\*",
  "__proto__",
  "constructor",
  "\uffff",
  "\u{10ffff}",
  "x".repeat(512),
];

const VALUES: readonly JsonValue[] = [
  null,
  0,
  false,
  "",
  -1.5e-7,
  Number.MAX_SAFE_INTEGER,
  true,
  "ü🗝\n",
  "s1",
  [],
  {},
  [[], [null]],
  { a: { b: [1, "2", null, { c: false }] }, "": "", constructor: 1, toJSON: null },
];

/** Entries: what is stored and for how long, several at once, and counters. */
export function cacheEntriesContract(open: OpenCacheStore): void {
  describe("entries", () => {
    const test = cacheStoreOfEachTest(open);

    it("misses what was never set, with a lease", async () => {
      expect(await test.store.get("k")).toEqual({ hit: false, lease: expect.any(String), degraded: false });
      expect(await test.store.exists("k")).toBe(false);
    });

    it.each(VALUES.map((value) => [JSON.stringify(value), value] as const))("hits %s", async (_, value) => {
      expect(await test.store.set("k", value)).toBe("stored");
      expect(await test.store.get("k")).toEqual({ hit: true, value });
      expect(await test.store.exists("k")).toBe(true);
    });

    it("keeps keys apart that resemble each other, of two tenants too", async () => {
      for (const [index, key] of KEYS.entries()) await test.store.set(key, index);
      const found = await test.store.getMany(KEYS);
      expect(found).toEqual(KEYS.map((_, value) => ({ hit: true, value })));
      await test.store.set("tenant-1:profile:1", 1);
      await test.store.set("tenant-2:profile:1", 2);
      expect(await test.store.remove("tenant-1:profile:1")).toEqual({ count: 1, degraded: false });
      expect(await test.store.removeByPattern("tenant-1:*")).toMatchObject({ count: 0 });
      expect(await test.store.get("tenant-2:profile:1")).toEqual({ hit: true, value: 2 });
    });

    it("lets nobody who holds a value change what is stored", async () => {
      const value = { list: [{ a: 1 }] };
      await test.store.set("k", value);
      (value.list[0] as { a: number }).a = 2;
      for (let round = 0; round < 2; round++) {
        const lookup = await test.store.get<typeof value>("k");
        expect(lookup).toEqual({ hit: true, value: { list: [{ a: 1 }] } });
        if (lookup.hit) tamperWith(lookup.value);
      }
      expect(Object.isFrozen(value)).toBe(false);
    });

    it("overwrites value, life and tags", async () => {
      await test.store.set("k", 1, { tags: ["old"], ttl: 1 });
      await test.store.set("k", 2, { tags: ["new"], ttl: 60_000 });
      test.opened.elapse?.(1);
      expect(await test.store.removeByTag("old")).toMatchObject({ count: 0 });
      expect(await test.store.get("k")).toEqual({ hit: true, value: 2 });
      expect(await test.store.removeByTag("new")).toMatchObject({ count: 1 });
    });

    it("expires an entry after its own life, and one without end never", async () => {
      await test.store.set("short", 1, { ttl: 5 });
      await test.store.set("long", 1, { ttl: 600_000 });
      await test.store.set("endless", 1, { ttl: "none" });
      test.opened.elapse?.(5);
      await until(async () => !(await test.store.exists("short")));
      expect(await test.store.get("short")).toMatchObject({ hit: false, degraded: false });
      expect(await test.store.remove("short")).toMatchObject({ count: 0 });
      expect(await test.store.getMany(["long", "endless"])).toMatchObject([{ hit: true }, { hit: true }]);
    });

    it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses a life of %s ms", async (ttl) => {
      const refusal = { code: "invalid_value" };
      await expect(test.store.set("k", 1, { ttl })).rejects.toMatchObject(refusal);
      await expect(test.store.increment("k", { ttl })).rejects.toMatchObject(refusal);
      await expect(test.store.getOrSet("k", async () => 1, { ttl })).rejects.toMatchObject(refusal);
      expect(await test.store.exists("k")).toBe(false);
    });

    it.each([
      ["nothing", undefined],
      ["NaN", Number.NaN],
      ["infinity", Number.POSITIVE_INFINITY],
      ["a function", () => 1],
      ["a big integer", 1n],
      ["NUL", "a\u0000"],
      ["a lone surrogate", ["\ud800"]],
      ["an absent member", { a: undefined }],
      ["a reserved member", JSON.parse('{"__proto__":1}')],
    ])("refuses %s as a value", async (_, value) => {
      await test.store.set("k", 1);
      await expect(test.store.set("k", value as JsonValue)).rejects.toMatchObject({ code: "invalid_value" });
      expect(await test.store.get("k")).toEqual({ hit: true, value: 1 });
    });

    it("finds many in the order of the keys, repeated ones too", async () => {
      await test.store.set("a", 1);
      await test.store.set("b", { b: 2 });
      const found = await test.store.getMany(["b", "none", "a", "b"]);
      expect(found.map((lookup) => (lookup.hit ? lookup.value : undefined))).toEqual([
        { b: 2 },
        undefined,
        1,
        { b: 2 },
      ]);
      expect(await test.store.getMany([])).toEqual([]);
      const [, miss] = found;
      expect(await test.store.set("none", 3, { lease: miss?.hit ? undefined : miss?.lease })).toBe("stored");
    });

    it("takes at most 1,000 keys at once", async () => {
      const keys = Array.from({ length: 1_001 }, (_, index) => `k${index}`);
      expect(await test.store.getMany(keys.slice(1))).toHaveLength(1_000);
      expect(await test.store.removeMany(keys.slice(1))).toEqual({ count: 0, degraded: false });
      for (const call of [test.store.getMany(keys), test.store.removeMany(keys)]) {
        await expect(call).rejects.toMatchObject({ code: "limit_exceeded" });
      }
    });
  });

  describe("the default life", () => {
    const test = cacheStoreOfEachTest(open, { defaultTtlMs: 20 });

    it("is that of entries and counters that name none", async () => {
      await test.store.set("k", 1);
      await test.store.set("endless", 1, { ttl: "none" });
      await test.store.increment("n", { delta: 5 });
      test.opened.elapse?.(20);
      await until(async () => !(await test.store.exists("k")));
      await until(async () => valueOf(await test.store.increment("n")) === 1);
      expect(await test.store.exists("endless")).toBe(true);
    });
  });

  describe("counters", () => {
    const test = cacheStoreOfEachTest(open);
    const count = async (store: CacheStore, key: string, delta?: number) =>
      valueOf(await store.increment(key, { delta }));

    it("begin at 0 and take any safe integer", async () => {
      expect(await count(test.store, "n")).toBe(1);
      expect(await count(test.store, "n", -5)).toBe(-4);
      expect(await count(test.store, "n", 0)).toBe(-4);
      expect(await count(test.store, "other", Number.MIN_SAFE_INTEGER)).toBe(Number.MIN_SAFE_INTEGER);
      for (const delta of [1.5, Number.NaN, 2 ** 53]) {
        await expect(test.store.increment("n", { delta })).rejects.toMatchObject({ code: "invalid_value" });
      }
    });

    it("count every one of many concurrent callers", async () => {
      const counted = await Promise.all(Array.from({ length: 200 }, () => count(test.store, "n")));
      expect(counted.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(
        Array.from({ length: 200 }, (_, index) => index + 1),
      );
    });

    it("keep the life they were created with, and begin again after it", async () => {
      const { key, ttl } = await countedTwiceWithinLife();
      test.opened.elapse?.(ttl);
      await until(async () => valueOf(await test.store.increment(key, { delta: 3, ttl: "none" })) === 3);
      expect(await count(test.store, key, 1)).toBe(4);
    });

    /** A counter and its life. One that was over before the second call proves nothing: then a longer one has to do. */
    async function countedTwiceWithinLife(): Promise<{ key: string; ttl: number }> {
      for (let ttl = 25; ; ttl *= 2) {
        const key = `n${ttl}`;
        const begunMs = performance.now();
        expect(valueOf(await test.store.increment(key, { delta: 7, ttl }))).toBe(7);
        // Would the second life count, the counter would outlive this test.
        const second = valueOf(await test.store.increment(key, { ttl: "none" }));
        const mayBeOver = !test.opened.elapse && performance.now() - begunMs >= ttl;
        if (mayBeOver && second !== 8) continue;
        expect(second).toBe(8);
        return { key, ttl };
      }
    }

    it("refuse to leave the safe integers, and stay as they are", async () => {
      for (const sign of [1, -1]) {
        const key = `n${sign}`;
        await count(test.store, key, sign * Number.MAX_SAFE_INTEGER);
        await expect(test.store.increment(key, { delta: sign })).rejects.toMatchObject({ code: "limit_exceeded" });
        expect(await count(test.store, key, 0)).toBe(sign * Number.MAX_SAFE_INTEGER);
      }
    });

    it("are apart from entries", async () => {
      await test.store.set("n", "entry", { tags: ["t"] });
      await count(test.store, "n");
      expect(await test.store.get("n")).toEqual({ hit: true, value: "entry" });
      expect(await test.store.removeByPattern("*")).toMatchObject({ count: 1 });
      await test.store.remove("n");
      await test.store.removeByTag("t");
      await test.store.invalidateAll();
      expect(await test.store.get("n")).toMatchObject({ hit: false });
      expect(await count(test.store, "n")).toBe(2);
    });
  });
}

function valueOf(increment: CacheIncrement): number | undefined {
  return increment.outcome === "counted" ? increment.value : undefined;
}

function tamperWith(value: { list: { a: number }[] }): void {
  try {
    (value.list[0] as { a: number }).a = 3;
    value.list.push({ a: 4 });
  } catch {
    // A frozen value says no, which is as good.
  }
}
