import { describe, expect, it } from "vitest";
import { cacheStoreOfEachTest, type OpenCacheStore, until } from "./cache-store-under-test.ts";

/** Removals by key, by tag, by pattern and of everything. */
export function cacheRemovalContract(open: OpenCacheStore): void {
  describe("removal", () => {
    const test = cacheStoreOfEachTest(open);

    const present = async (keys: readonly string[]) =>
      (await test.store.getMany(keys)).flatMap((lookup, index) => (lookup.hit ? [keys[index]] : []));

    it("by key counts what was there", async () => {
      for (const key of ["a", "b", "c"]) await test.store.set(key, key);
      expect(await test.store.remove("a")).toEqual({ count: 1, degraded: false });
      expect(await test.store.remove("a")).toEqual({ count: 0, degraded: false });
      expect(await test.store.removeMany(["a", "b", "b", "none"])).toEqual({ count: 1, degraded: false });
      expect(await test.store.removeMany([])).toEqual({ count: 0, degraded: false });
      expect(await present(["a", "b", "c"])).toEqual(["c"]);
    });

    it("by tag takes the entries whose last set named it", async () => {
      await test.store.set("a", 1, { tags: ["x", "y", "x"] });
      await test.store.set("b", 1, { tags: ["x"] });
      await test.store.set("b", 2);
      await test.store.set("c", 1);
      await test.store.set("c", 2, { tags: ["x"] });
      await test.store.set("x", 1);
      expect(await test.store.removeByTag("x")).toEqual({ count: 2, degraded: false });
      expect(await present(["a", "b", "c", "x"])).toEqual(["b", "x"]);
      expect(await test.store.removeByTag("x")).toEqual({ count: 0, degraded: false });
      expect(await test.store.removeByTag("y")).toEqual({ count: 0, degraded: false });
    });

    it("by tag counts neither what expired nor what was removed", async () => {
      await test.store.set("a", 1, { tags: ["x"], ttl: 5 });
      await test.store.set("b", 1, { tags: ["x"] });
      await test.store.set("c", 1, { tags: ["x"] });
      await test.store.remove("b");
      test.opened.elapse?.(5);
      await until(async () => !(await test.store.exists("a")));
      expect(await test.store.removeByTag("x")).toMatchObject({ count: 1 });
    });

    it("by tag takes any number of entries, of any life, with 16 tags each", async () => {
      const tags = Array.from({ length: 16 }, (_, index) => `tag ${index} *{}`);
      const keys = Array.from({ length: 1_500 }, (_, index) => `k${index}`);
      await Promise.all(
        keys.map((key, index) => test.store.set(key, index, { tags, ttl: index % 2 ? "none" : 60_000 })),
      );
      expect(await test.store.removeByTag("tag 15 *{}")).toEqual({ count: 1_500, degraded: false });
      expect(await present(keys.slice(0, 1_000))).toEqual([]);
    });

    it("refuses a 17th tag", async () => {
      const tags = Array.from({ length: 17 }, (_, index) => `tag ${index}`);
      const refusal = { code: "invalid_value" };
      await expect(test.store.set("k", 1, { tags })).rejects.toMatchObject(refusal);
      await expect(test.store.get("k", { tags })).rejects.toMatchObject(refusal);
      await expect(test.store.getOrSet("k", async () => 1, { tags })).rejects.toMatchObject(refusal);
    });

    const KEYS = [
      "a",
      "ab",
      "abc",
      "b",
      "a*",
      "a?",
      "a[b]",
      "ab]",
      "a\\",
      "a\\b",
      "🗝",
      "🗝🗝",
      "A",
      "a\nb",
      "{a}",
      "a^",
      "a-c",
    ];

    it.each([
      ["*", KEYS],
      ["a", ["a"]],
      ["a*", KEYS.filter((key) => key.startsWith("a"))],
      ["*b", ["ab", "b", "a\\b", "a\nb"]],
      ["a*b*", ["ab", "abc", "a[b]", "ab]", "a\\b", "a\nb"]],
      ["a?", ["ab", "a*", "a?", "a\\", "a^"]],
      ["?", ["a", "b", "🗝", "A"]],
      ["??", ["ab", "a*", "a?", "a\\", "🗝🗝", "a^"]],
      ["a\\*", ["a*"]],
      ["a\\?", ["a?"]],
      ["a\\\\", ["a\\"]],
      ["a\\\\*", ["a\\", "a\\b"]],
      ["\\a\\b", ["ab"]],
      ["a[b]", ["a[b]"]],
      ["a[a-z]", []],
      ["*]", ["a[b]", "ab]"]],
      ["{*", ["{a}"]],
      ["**?**", KEYS],
      ["*a*a*", []],
    ])("by the pattern %s takes what matches", async (pattern, expected) => {
      for (const key of KEYS) await test.store.set(key, 1);
      expect(await test.store.removeByPattern(pattern)).toEqual({ count: expected.length, degraded: false });
      expect(await present(KEYS)).toEqual(KEYS.filter((key) => !expected.includes(key)));
    });

    it("by a pattern takes any number of entries and leaves the others", async () => {
      const keys = Array.from({ length: 2_500 }, (_, index) => `${index % 5 ? "take" : "leave"}:${index}`);
      await Promise.all(keys.map((key) => test.store.set(key, 1)));
      expect(await test.store.removeByPattern("take:*")).toEqual({ count: 2_000, degraded: false });
      expect(await present(keys.filter((key) => key.startsWith("leave")))).toHaveLength(500);
    });

    it.each(["", "a\\", "a\u0000*", "\ud800", "x".repeat(1_025)])("refuses the pattern %j", async (pattern) => {
      await expect(test.store.removeByPattern(pattern)).rejects.toMatchObject({ code: "invalid_value" });
    });

    it("takes a pattern that escapes every character of the longest key", async () => {
      await test.store.set("*".repeat(512), 1);
      expect(await test.store.removeByPattern("\\*".repeat(512))).toMatchObject({ count: 1 });
    });

    it("of everything leaves room for new entries", async () => {
      await test.store.set("a", 1, { ttl: "none" });
      await test.store.set("b", 1, { tags: ["x"] });
      await test.store.invalidateAll();
      expect(await present(["a", "b"])).toEqual([]);
      expect(await test.store.removeByTag("x")).toMatchObject({ count: 0 });
      await test.store.set("b", 2, { tags: ["x"] });
      expect(await test.store.get("b")).toEqual({ hit: true, value: 2 });
      expect(await test.store.removeByTag("x")).toMatchObject({ count: 1 });
    });
  });
}
