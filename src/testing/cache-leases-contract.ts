import { describe, expect, it } from "vitest";
import type { CacheGetOptions, CacheLease, CacheStore } from "../storage/cache-store.ts";
import { cacheStoreOfEachTest, type OpenCacheStore } from "./cache-store-under-test.ts";

/** Leases: a value loaded before a removal is not stored after it. */
export function cacheLeasesContract(open: OpenCacheStore): void {
  describe("leases", () => {
    const test = cacheStoreOfEachTest(open);

    const missed = async (key: string, options?: CacheGetOptions): Promise<CacheLease> => {
      const lookup = await test.store.get(key, options);
      if (lookup.hit || lookup.lease === undefined) return expect.fail(`${key} was to be a miss`);
      return lookup.lease;
    };

    it("let the value in when nothing was removed, also twice and after a set", async () => {
      const lease = await missed("k");
      expect(await test.store.set("k", 1, { lease })).toBe("stored");
      expect(await test.store.set("k", 2, { lease })).toBe("stored");
      await test.store.set("k", 3);
      expect(await test.store.set("k", 4, { lease, tags: ["t"], ttl: "none" })).toBe("stored");
      expect(await test.store.get("k")).toEqual({ hit: true, value: 4 });
    });

    it.each<readonly [string, (store: CacheStore) => Promise<unknown>]>([
      ["the key", (store) => store.remove("k")],
      ["the key with others", (store) => store.removeMany(["other", "k"])],
      ["the first tag", (store) => store.removeByTag("t1")],
      ["the last tag", (store) => store.removeByTag("t2")],
      ["a pattern", (store) => store.removeByPattern("k*")],
      ["everything", (store) => store.invalidateAll()],
    ])("are outdated by the removal of %s, whether it was there or not", async (_, removal) => {
      const lease = await missed("k", { tags: ["t1", "t2"] });
      await removal(test.store);
      expect(await test.store.set("k", "old", { lease, tags: ["t1", "t2"] })).toBe("refused");
      expect(await test.store.get("k")).toMatchObject({ hit: false });
      await test.store.set("k", "new", { tags: ["t1", "t2"] });
      expect(await test.store.set("k", "old", { lease, tags: ["t1", "t2"] })).toBe("refused");
      expect(await test.store.get("k")).toEqual({ hit: true, value: "new" });
      await removal(test.store);
      const fresh = await missed("k", { tags: ["t1", "t2"] });
      expect(await test.store.set("k", "newest", { lease: fresh, tags: ["t1", "t2"] })).toBe("stored");
    });

    it("are not outdated by removals of other keys and tags, and of a tag that was not named", async () => {
      const lease = await missed("k", { tags: ["t"] });
      await test.store.set("other", 1, { tags: ["u"] });
      await test.store.removeMany(["K", "t"]);
      await test.store.removeByTag("k");
      await test.store.removeByTag("u");
      expect(await test.store.set("k", 1, { lease, tags: ["t", "u"] })).toBe("stored");
    });

    it("are outdated when the key is removed for a tag that somebody else gave it", async () => {
      const lease = await missed("k");
      await test.store.set("k", 1, { tags: ["t"] });
      await test.store.removeByTag("t");
      expect(await test.store.set("k", "old", { lease })).toBe("refused");
    });

    it("of many misses are each their own", async () => {
      const [a, b] = await test.store.getMany(["a", "b"]);
      await test.store.remove("a");
      expect(await test.store.set("a", 1, { lease: a?.hit ? undefined : a?.lease })).toBe("refused");
      expect(await test.store.set("b", 1, { lease: b?.hit ? undefined : b?.lease })).toBe("stored");
    });

    it("are needed by nobody who has the truth in hand", async () => {
      await test.store.remove("k");
      expect(await test.store.set("k", 1)).toBe("stored");
    });

    it("hold in a race of loaders with removals", async () => {
      let truth = 0;
      for (let round = 0; round < 50; round++) {
        const loader = async (): Promise<void> => {
          const lookup = await test.store.get("k");
          if (lookup.hit) return;
          await test.store.set("k", truth, { lease: lookup.lease });
        };
        const writer = async (): Promise<void> => {
          truth++;
          await test.store.remove("k");
        };
        await Promise.all([loader(), loader(), writer(), loader(), loader()]);
        const lookup = await test.store.get("k");
        if (lookup.hit) expect(lookup.value).toBe(truth);
      }
    });
  });
}
