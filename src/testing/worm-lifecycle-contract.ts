import { describe, expect, it } from "vitest";
import type { CallOptions } from "../storage/call-options.ts";
import type { WormDescriptor, WormStore } from "../storage/worm-store.ts";
import { AT, all, ENTRY, type Entry, entries, entry, fill, OTHER_KIND, type WormSuite } from "./worm-storage.ts";

type Method = (store: WormStore<Entry>, options: CallOptions) => Promise<unknown>;

const METHODS: readonly [string, Method][] = [
  ["append", (store, options) => store.append(entry(1), { ...AT, ...options })],
  ["appendBatch", (store, options) => store.appendBatch([entry(1)], { ...AT, ...options })],
  ["get", (store, options) => store.get(0n, options)],
  ["getRange", (store, options) => store.getRange(options)],
  ["stream", (store, options) => all(store.stream(options))],
  ["scan", (store, options) => all(store.scan(options))],
  ["query", (store, options) => store.query(options)],
  ["query with a filter", (store, options) => store.query({ filter: { op: "exists", path: ["n"] }, ...options })],
  ["head", (store, options) => store.head(options)],
  ["count", (store, options) => store.count(undefined, options)],
  ["exists", (store, options) => store.exists(0n, options)],
  ["verifyIntegrity", (store, options) => store.verifyIntegrity(options)],
];

/** What holds for every method, and what an engine as a whole must do. */
export function wormLifecycleContract(suite: WormSuite): void {
  describe("a call that was given up", () => {
    it.each(METHODS)("is not begun: %s", async (_, method) => {
      const { store } = await suite.newLog();
      const records = await fill(store, entries(1));
      await expect(method(store, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
      expect(await store.getRange()).toEqual(records);
    });

    it.each(METHODS)("rejects at once: %s", async (_, method) => {
      const { store } = await suite.newLog();
      await fill(store, entries(1));
      const controller = new AbortController();
      const call = method(store, { signal: controller.signal });
      controller.abort();
      await expect(call).rejects.toMatchObject({ code: "aborted" });
      // What the write did is unknown, but the log is whole and goes on.
      expect(await store.append(entry(9), AT)).toMatchObject({ document: entry(9) });
      expect(await store.verifyIntegrity()).toMatchObject({ isValid: true });
    });

    it("ends a stream between two records", async () => {
      const { store } = await suite.newLog();
      await fill(store, entries(4));
      const controller = new AbortController();
      const seen: bigint[] = [];
      const read = async (): Promise<void> => {
        for await (const { sequence } of store.stream({ signal: controller.signal })) {
          seen.push(sequence);
          if (sequence === 1n) controller.abort();
        }
      };
      await expect(read()).rejects.toMatchObject({ code: "aborted" });
      expect(seen).toEqual([0n, 1n]);
    });

    it("does not wait for its turn", async () => {
      const { store } = await suite.newLog();
      const controller = new AbortController();
      const first = store.append(entry(0), AT);
      const second = store.append(entry(1), { ...AT, signal: controller.signal });
      const third = store.append(entry(2), AT);
      controller.abort();
      await expect(second).rejects.toMatchObject({ code: "aborted" });
      expect(await Promise.all([first, third])).toMatchObject([{ sequence: 0n }, { sequence: 1n }]);
    });
  });

  describe("the database", () => {
    it.each(["", "Main", "a b", "a.b", "x".repeat(65), "ü"])("has no log named `%s`", async (log) => {
      const { place } = await suite.newLog();
      expect(() => suite.storage.database.log(ENTRY, place.tenantId, log)).toThrow(
        expect.objectContaining({ code: "invalid_request" }),
      );
    });

    it.each(["a", "0", "_-9", "x".repeat(64)])("has a log named `%s`", async (log) => {
      const { place } = await suite.newLog();
      const store = suite.storage.database.log(ENTRY, place.tenantId, log);
      expect(await store.append(entry(0), AT)).toMatchObject({ sequence: 0n });
      expect(await store.count()).toBe(1n);
    });

    const named = (name: string): WormDescriptor<unknown> => ({ ...ENTRY, name });

    it.each(["", "Entry", "1st", "_a", "a-b", "x".repeat(33)])("has no kind named `%s`", async (name) => {
      const { place } = await suite.newLog();
      await expect(suite.storage.database.prepare([named(name)])).rejects.toMatchObject({ code: "invalid_request" });
      expect(() => suite.storage.database.log(named(name), place.tenantId, "main")).toThrow(
        expect.objectContaining({ code: "invalid_request" }),
      );
    });

    it("is prepared again and again, by several at once", async () => {
      const kinds = [ENTRY, OTHER_KIND, named(`a${"x".repeat(31)}`)];
      const another = suite.storage.another();
      await Promise.all(
        [suite.storage.database, another, another, suite.storage.database].map((one) => one.prepare(kinds)),
      );
      await expect(another.prepare([ENTRY, ENTRY])).rejects.toMatchObject({ code: "invalid_request" });
      await another.prepare([]);
    });

    it("gives a sign of life", async () => {
      await suite.storage.database.ping();
      await expect(suite.storage.database.ping({ signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "aborted",
      });
    });

    it("is closed, and others stay open", async () => {
      const { store, place } = await suite.newLog();
      await fill(store, entries(1));
      const closed = suite.storage.another();
      const log = closed.log(ENTRY, place.tenantId, place.log);
      await closed[Symbol.asyncDispose]();
      await closed[Symbol.asyncDispose]();
      for (const [, method] of METHODS) await expect(method(log, {})).rejects.toMatchObject({ code: "closed" });
      await expect(closed.ping()).rejects.toMatchObject({ code: "closed" });
      await expect(closed.prepare([])).rejects.toMatchObject({ code: "closed" });
      expect(await store.count()).toBe(1n);
    });
  });
}
