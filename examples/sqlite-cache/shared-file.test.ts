import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ManualClock } from "strongroom/testing";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteCacheStore, type SqliteCacheStoreOptions } from "./sqlite-cache-store.ts";

const directory = mkdtempSync(join(tmpdir(), "strongroom-sqlite-"));
afterAll(() => rmSync(directory, { recursive: true }));

let path: string;
let clock: ManualClock;
let opened: SqliteCacheStore[];

/** A store over the one file of the test, as each process has one. */
function open(options: Partial<SqliteCacheStoreOptions> = {}): SqliteCacheStore {
  const store = new SqliteCacheStore({
    file: path,
    busyTimeoutMs: 25,
    entriesMax: 50_000,
    bytesMax: 128 * 1024 * 1024,
    defaultTtlMs: 900_000,
    clock,
    ...options,
  });
  opened.push(store);
  return store;
}

beforeEach(() => {
  path = join(directory, randomUUID(), "cache.sqlite");
  clock = new ManualClock();
  opened = [];
});
afterEach(async () => {
  for (const store of opened) await store[Symbol.asyncDispose]();
});

async function missed(store: SqliteCacheStore, key: string, tags: readonly string[] = []) {
  const lookup = await store.get(key, { tags });
  if (lookup.hit) return expect.fail("it was to be a miss");
  return { lease: lookup.lease };
}

describe("a file that processes share", () => {
  it.each<readonly [string, (store: SqliteCacheStore) => Promise<unknown>]>([
    ["of the key", (store) => store.remove("k")],
    ["of the tag", (store) => store.removeByTag("t")],
    ["by a pattern", (store) => store.removeByPattern("k")],
    ["of everything", (store) => store.invalidateAll()],
  ])("outdates leases and loads by a removal %s by another one", async (_, removal) => {
    const [reader, writer] = [open(), open()];
    const early = await missed(reader, "k", ["t"]);
    const loading = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<string>();
    const old = reader.getOrSet(
      "k",
      () => {
        loading.resolve();
        return gate.promise;
      },
      { tags: ["t"] },
    );
    await loading.promise;
    await removal(writer);
    expect(await reader.set("k", "old", early)).toBe("refused");
    expect(await reader.getOrSet("k", async () => "new", { tags: ["t"] })).toBe("new");
    gate.resolve("old");
    expect(await old).toBe("old");
    expect(await writer.get("k")).toEqual({ hit: true, value: "new" });
  });

  it("leaves loads alone when others removed something else", async () => {
    const [reader, writer] = [open(), open()];
    const gate = Promise.withResolvers<string>();
    let loads = 0;
    const load = () => {
      loads++;
      return gate.promise;
    };
    const first = reader.getOrSet("k", load);
    await writer.removeMany(["other", "K"]);
    const second = reader.getOrSet("k", load);
    await reader.ping();
    gate.resolve("value");
    expect(await Promise.all([first, second])).toEqual(["value", "value"]);
    expect(loads).toBe(1);
  });

  it("keeps entries, counters and removals when all have closed it", async () => {
    const first = open();
    await first.set("k", 1);
    await first.increment("n", { delta: 5 });
    const outdated = await missed(first, "gone");
    const good = await missed(first, "other");
    await first.remove("gone");
    await first[Symbol.asyncDispose]();
    const second = open();
    expect(await second.get("k")).toEqual({ hit: true, value: 1 });
    expect(await second.increment("n")).toEqual({ outcome: "counted", value: 6 });
    expect(await second.set("gone", "old", outdated)).toBe("refused");
    expect(await second.set("other", 1, good)).toBe("stored");
  });

  it("forgets entries and leases when the machine was started since, and may have lost removals", async () => {
    const first = open();
    const { lease } = await missed(first, "k");
    await first.set("k", 1);
    await first[Symbol.asyncDispose]();
    const raw = new DatabaseSync(path);
    raw.exec("update state set opened_ms = 0");
    raw.close();
    const second = open();
    expect(await second.get("k")).toMatchObject({ hit: false });
    expect(await second.set("k", "old", { lease })).toBe("refused");
  });

  it("refuses the leases of a file that was here before, and of ten minutes ago", async () => {
    const store = open();
    const { lease } = await missed(store, "k");
    clock.advance(600_000);
    expect(await store.set("k", 1, { lease })).toBe("stored");
    clock.advance(1);
    expect(await store.set("k", 1, { lease })).toBe("refused");
    const fresh = await missed(store, "other");
    await store[Symbol.asyncDispose]();
    path = `${path}-2`;
    expect(await open().set("other", 1, fresh)).toBe("refused");
  });
});

describe("the room of a file", () => {
  it("is that of the configured entries: the first that was set goes", async () => {
    const store = open({ entriesMax: 3 });
    for (const key of ["a", "b", "c"]) await store.set(key, 1);
    await store.set("a", 2);
    await store.set("d", 1);
    const found = await store.getMany(["a", "b", "c", "d"]);
    expect(found.map(({ hit }) => hit)).toEqual([true, false, true, true]);
    expect(store.statistics()).toMatchObject({ entries: 3, evictions: 1 });
  });

  it("is that of the configured bytes", async () => {
    const store = open({ bytesMax: 1_000 });
    for (const key of ["a", "b", "c"]) await store.set(key, "x".repeat(400));
    expect(await Promise.all(["a", "b", "c"].map((key) => store.exists(key)))).toEqual([false, true, true]);
    expect(await store.set("c", "ü".repeat(500))).toBe("stored");
    expect(await store.exists("c")).toBe(false);
    expect(await store.exists("b")).toBe(true);
  });

  it("is given back by what has expired, or was forgotten at once", async () => {
    const store = open();
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => store.set(`k${index}`, 1, { ttl: 10 })));
    await store.increment("n", { ttl: 10 });
    clock.advance(10);
    await store.sweep();
    expect(store.statistics()).toMatchObject({ entries: 0, evictions: 1_500 });
    await store.set("k", 1, { tags: ["t"] });
    await store.invalidateAll();
    expect(await store.removeByTag("t")).toMatchObject({ count: 0 });
    await store.sweep();
    expect(store.statistics()).toMatchObject({ entries: 0, evictions: 1_500 });
    expect(await rows()).toEqual({ entries: 0, tags: 0, counters: 0 });
  });

  it("remembers as many removals, and takes what it forgot for removed", async () => {
    const store = open({ entriesMax: 3 });
    const { lease } = await missed(store, "k");
    await store.removeMany(["a", "b", "c"]);
    expect(await store.set("k", 1, { lease })).toBe("stored");
    await store.remove("d");
    expect(await store.set("k", 1, { lease })).toBe("refused");
  });

  it("drops the oldest counters beyond it", async () => {
    const store = open({ entriesMax: 2 });
    for (const key of ["a", "b", "c"]) await store.increment(key, { delta: 7 });
    await store.sweep();
    const values = [];
    for (const key of ["c", "a"]) values.push(await store.increment(key));
    expect(values).toMatchObject([{ value: 8 }, { value: 1 }]);
  });
});

describe("a file that cannot be used", () => {
  it("by writers while another process writes, is waited for without a stop for readers", async () => {
    const store = open();
    await store.set("k", 1);
    const other = new DatabaseSync(path);
    other.exec("begin immediate");
    const waiting = Promise.allSettled([store.set("k", 2), store.remove("k"), store.invalidateAll()]);
    expect(await store.get("k")).toEqual({ hit: true, value: 1 });
    for (const call of await waiting) {
      expect(call).toMatchObject({ status: "rejected", reason: { code: "storage_timeout", retryable: true } });
    }
    expect(await store.getOrSet("missing", async () => 3)).toBe(3);
    const second = store.set("k", 4);
    other.exec("rollback");
    other.close();
    expect(await second).toBe("stored");
    expect(store.statistics().errors).toBeGreaterThan(0);
  });

  it("lets a waiting caller give up", async () => {
    const store = open();
    await store.ping();
    const other = new DatabaseSync(path);
    other.exec("begin immediate");
    const caller = new AbortController();
    const waiting = store.set("k", 2, { signal: caller.signal });
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    other.close();
    expect(await store.exists("k")).toBe(false);
  });

  it("is loaded again where its text is damaged", async () => {
    const store = open();
    await store.set("k", { a: 1 });
    const raw = new DatabaseSync(path);
    raw.exec("update entries set value = '{\"a\":'");
    raw.close();
    expect(await store.get("k")).toMatchObject({ hit: false, lease: expect.any(String) });
    expect(await store.getOrSet("k", async () => 2)).toBe(2);
    expect(store.statistics()).toMatchObject({ errors: 2, misses: 2 });
  });

  it("is not touched when it belongs to another program", async () => {
    const other = new DatabaseSync((path = join(directory, randomUUID())));
    other.exec("create table entries (a); insert into entries values (1)");
    await expect(open().set("k", 1)).rejects.toMatchObject({ code: "invalid_configuration" });
    expect(other.prepare("select a from entries").all()).toHaveLength(1);
    expect(other.prepare("pragma journal_mode").get()).toEqual({ journal_mode: "delete" });
    other.close();
  });

  it("is made anew when its tables are of another version", async () => {
    const store = open();
    await store.set("k", 1, { tags: ["t"] });
    await store[Symbol.asyncDispose]();
    const raw = new DatabaseSync(path);
    raw.exec("pragma user_version = 99");
    raw.close();
    expect(await open().get("k")).toMatchObject({ hit: false });
  });

  it("is done without until it can be", async () => {
    mkdirSync(dirname(path));
    writeFileSync(path, "no database at all, but a text that is long enough to be looked at");
    const store = open();
    await expect(store.ping()).rejects.toMatchObject({ code: "storage_unavailable", retryable: true });
    expect(await store.getOrSet("k", async () => 1)).toBe(1);
    expect(store.statistics()).toMatchObject({ entries: null, evictions: null });
    rmSync(path);
    expect(await store.getOrSet("k", async () => 2)).toBe(2);
    expect(await store.getOrSet("k", async () => 3)).toBe(2);
  });

  it("is opened again by the call after one that failed", async () => {
    const store = open();
    await store.set("k", 1);
    const raw = new DatabaseSync(path);
    raw.exec("drop table entries; pragma user_version = 0");
    raw.close();
    await expect(store.get("k")).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await store.get("k")).toMatchObject({ hit: false, degraded: false });
    expect(await store.set("k", 2)).toBe("stored");
  });

  it("is reported when there is no place for it", async () => {
    writeFileSync((path = join(directory, randomUUID())), "a file");
    path = join(path, "cache.sqlite");
    await expect(open().get("k")).rejects.toMatchObject({ code: "storage_unavailable" });
  });
});

async function rows(): Promise<Record<string, number>> {
  const raw = new DatabaseSync(path);
  const count = (table: string) => Number(raw.prepare(`select count(*) as n from ${table}`).get()?.["n"]);
  const counts = { entries: count("entries"), tags: count("tags"), counters: count("counters") };
  raw.close();
  return counts;
}
