import { describe, expect, it } from "vitest";
import { until } from "../../testing/cache-store-under-test.ts";
import { InMemoryCacheStore } from "./in-memory-cache-store.ts";
import { RemovalMarks } from "./removal-marks.ts";

/** What the contract of caches cannot say: bounds of the memory of a process. */
describe("a cache in the memory of a process", () => {
  it("drops the entry that was not used for the longest time when there are too many", async () => {
    await using store = new InMemoryCacheStore({ entriesMax: 3 });
    for (const key of ["a", "b", "c"]) await store.set(key, 1, { tags: ["t"] });
    await store.get("a");
    await store.set("d", 1, { tags: ["t"] });
    const found = await store.getMany(["a", "b", "c", "d"]);
    expect(found.map(({ hit }) => hit)).toEqual([true, false, true, true]);
    expect(store.statistics()).toMatchObject({ entries: 3, evictions: 1 });
    expect(await store.removeByTag("t")).toMatchObject({ count: 3 });
  });

  it("drops entries when they take too much room, and does not take one that never fits", async () => {
    await using store = new InMemoryCacheStore({ charactersMax: 10_000 });
    for (let index = 0; index < 10; index++) await store.set(`k${index}`, "x".repeat(2_000));
    expect(store.statistics().entries).toBe(4);
    await store.set("k9", "x".repeat(10_001));
    expect(await store.get("k9")).toMatchObject({ hit: false });
    expect(store.statistics()).toMatchObject({ entries: 3, evictions: 7 });
  });

  it("counts as evicted what expired, whether it was looked for or not", async () => {
    let nowMs = 1_000;
    await using store = new InMemoryCacheStore({ nowMs: () => nowMs, sweepIntervalMs: 1 });
    for (const key of ["a", "b"]) await store.set(key, 1, { ttl: 10, tags: ["t"] });
    await store.set("c", 1, { ttl: 20 });
    await store.increment("n", { ttl: 10 });
    nowMs += 10;
    await until(() => store.statistics().entries === 1);
    expect(store.statistics()).toMatchObject({ evictions: 2 });
    nowMs += 10;
    await store.remove("c");
    expect(store.statistics()).toMatchObject({ entries: 0, evictions: 3 });
  });

  it("varies the lives of what getOrSet stores by a tenth", async () => {
    for (const [chance, lifeMs] of [
      [0, 900],
      [0.5, 1_000],
      [0.999999, 1_100],
    ] as const) {
      let nowMs = 0;
      await using store = new InMemoryCacheStore({ nowMs: () => nowMs, random: () => chance });
      await store.getOrSet("k", async () => 1, { ttl: 1_000 });
      nowMs = lifeMs - 1;
      expect(await store.exists("k")).toBe(true);
      nowMs = lifeMs;
      expect(await store.exists("k")).toBe(false);
    }
  });

  it("keeps serving others while it removes by a pattern", async () => {
    await using store = new InMemoryCacheStore();
    for (let index = 0; index < 5_000; index++) await store.set(`k${index}`, 1);
    let turns = 0;
    const removal = store.removeByPattern("k*");
    let counting = setImmediate(function count() {
      turns++;
      counting = setImmediate(count);
    });
    expect(await removal).toMatchObject({ count: 5_000 });
    clearImmediate(counting);
    expect(turns).toBeGreaterThan(0);
  });

  it("refuses a lease that is older than the removals it remembers", async () => {
    await using store = new InMemoryCacheStore({ entriesMax: 10 });
    const lookup = await store.get("k");
    const lease = lookup.hit ? undefined : lookup.lease;
    for (let index = 0; index < 10; index++) await store.remove(`${index}`);
    expect(await store.set("k", 1, { lease })).toBe("stored");
    await store.remove("one more");
    expect(await store.set("k", 1, { lease })).toBe("refused");
  });
});

describe("marks of removals", () => {
  it("tell what was removed since, and forget in the order of removals", () => {
    const marks = new RemovalMarks(2);
    marks.mark("a", 1);
    marks.mark("b", 2);
    marks.mark("a", 3);
    expect([marks.removedSince("a", 2), marks.removedSince("a", 3), marks.removedSince("c", 0)]).toEqual([
      true,
      false,
      false,
    ]);
    marks.mark("c", 4);
    expect([marks.removedSince("a", 2), marks.removedSince("x", 1), marks.removedSince("x", 2)]).toEqual([
      true,
      true,
      false,
    ]);
    marks.markAll(5);
    expect([marks.removedSince("x", 4), marks.removedSince("x", 5)]).toEqual([true, false]);
  });
});
