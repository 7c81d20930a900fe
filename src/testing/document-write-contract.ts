import { describe, expect, it } from "vitest";
import type { DocumentStore, JsonMergePatch } from "../storage/document-store.ts";
import { type DocumentSuite, failure, fill } from "./document-storage.ts";

const MISSING = failure("record_not_found");
const MISMATCH = failure("version_mismatch");

export function documentWriteContract(suite: DocumentSuite): void {
  describe("reads by id", () => {
    it("gets many in the order asked, each once, without those that are not there", async () => {
      const store = await suite.newStore();
      await fill(store, [{ id: "a" }, { id: "b" }, { id: "\u{1F5DD}" }]);
      const found = await store.getMany(["\u{1F5DD}", "x", "a", "a", "c"]);
      expect(found).toEqual([
        { document: { id: "\u{1F5DD}" }, version: 1 },
        { document: { id: "a" }, version: 1 },
      ]);
      expect(await store.getMany([])).toEqual([]);
      const many = Array.from({ length: 1_000 }, (_, index) => `n${index}`);
      expect(await store.getMany([...many.slice(1), "b"])).toHaveLength(1);
      await expect(store.getMany([...many, "b"])).rejects.toEqual(failure("limit_exceeded"));
    });

    it("has nothing that was not stored", async () => {
      const store = await suite.newStore();
      expect(await store.get("a")).toBeUndefined();
      expect(await store.exists("a")).toBe(false);
      expect(await store.getMany(["a", "b", "c"])).toEqual([]);
      await store.insert({ id: "a" });
      expect(await store.exists("a")).toBe(true);
      expect(await store.get("A")).toBeUndefined();
    });
  });

  describe("insert", () => {
    it("refuses an id that is taken, and changes nothing", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a", n: 1 });
      await expect(store.insert({ id: "a", n: 2 })).rejects.toEqual(failure("record_exists", { rule: "id" }));
      expect(await store.get("a")).toEqual({ document: { id: "a", n: 1 }, version: 1 });
    });

    it("has one winner among many at once", async () => {
      const store = await suite.newStore();
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, n) => store.insert({ id: "a", n })));
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toEqual(failure("record_exists", { rule: "id" }));
      }
    });
  });

  describe("insertMany", () => {
    it("inserts all of them or none, or says that it cannot", async () => {
      const store = await suite.newStore();
      await store.insertMany([]);
      await store.insertMany([{ id: "0", n: 0 }]);
      const three = [
        { id: "1", n: 1 },
        { id: "2", n: 2 },
        { id: "3", n: 3 },
      ];
      if (!suite.storage.database.capabilities.multiDocumentWrites) {
        await expect(store.insertMany(three)).rejects.toEqual(failure("unsupported"));
        expect(await store.count()).toBe(1);
        return;
      }
      await store.insertMany(three);
      expect(await store.getMany(["1", "2", "3"])).toEqual(three.map((document) => ({ document, version: 1 })));
      const taken = failure("record_exists", { rule: "id" });
      await expect(store.insertMany([{ id: "4" }, { id: "2" }, { id: "5" }])).rejects.toEqual(taken);
      await expect(store.insertMany([{ id: "6" }, { id: "6" }])).rejects.toEqual(taken);
      await expect(store.insertMany([{ id: "7" }, { id: "" }])).rejects.toEqual(failure("invalid_value"));
      const clash = [
        { id: "8", email: "x" },
        { id: "9", email: "x" },
      ];
      await expect(store.insertMany(clash)).rejects.toEqual(failure("record_exists", { rule: "email" }));
      expect(await store.count()).toBe(4);
    });

    it("has one winner among many at once that insert the same in another order", async () => {
      if (!suite.storage.database.capabilities.multiDocumentWrites) return;
      const store = await suite.newStore();
      const documents = Array.from({ length: 50 }, (_, index) => ({ id: `${index}` }));
      const calls = Array.from({ length: 6 }, (_, index) =>
        store.insertMany(index % 2 === 0 ? documents : documents.toReversed()),
      );
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toEqual(failure("record_exists", { rule: "id" }));
      }
      expect(await store.count()).toBe(50);
    });

    it("takes a thousand, and no more", async () => {
      const store = await suite.newStore();
      const documents = Array.from({ length: 1_001 }, (_, index) => ({ id: String(index) }));
      await expect(store.insertMany(documents)).rejects.toEqual(failure("limit_exceeded"));
      expect(await store.count()).toBe(0);
      if (!suite.storage.database.capabilities.multiDocumentWrites) return;
      await store.insertMany(documents.slice(1));
      expect(await store.count()).toBe(1_000);
    });
  });

  describe("replace", () => {
    it("replaces the whole document and counts the version", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a", n: 1, more: true });
      expect(await store.replace({ id: "a", n: 2 })).toEqual({ document: { id: "a", n: 2 }, version: 2 });
      expect(await store.replace({ id: "a", n: 3 }, { expectedVersion: 2 })).toMatchObject({ version: 3 });
      await expect(store.replace({ id: "a", n: 4 }, { expectedVersion: 2 })).rejects.toEqual(MISMATCH);
      await expect(store.replace({ id: "a", n: 4 }, { expectedVersion: 0 })).rejects.toEqual(MISMATCH);
      expect(await store.get("a")).toEqual({ document: { id: "a", n: 3 }, version: 3 });
    });

    it("does not insert", async () => {
      const store = await suite.newStore();
      await expect(store.replace({ id: "a" })).rejects.toEqual(MISSING);
      await expect(store.replace({ id: "a" }, { expectedVersion: 1 })).rejects.toEqual(MISSING);
      expect(await store.count()).toBe(0);
    });
  });

  describe("upsert", () => {
    it("inserts or replaces", async () => {
      const store = await suite.newStore();
      expect(await store.upsert({ id: "a", n: 1 })).toEqual({ document: { id: "a", n: 1 }, version: 1 });
      expect(await store.upsert({ id: "a", m: 2 })).toEqual({ document: { id: "a", m: 2 }, version: 2 });
    });

    it("minds the version that it expects", async () => {
      const store = await suite.newStore();
      await expect(store.upsert({ id: "a" }, { expectedVersion: 1 })).rejects.toEqual(MISMATCH);
      expect(await store.upsert({ id: "a" }, { expectedVersion: 0 })).toMatchObject({ version: 1 });
      await expect(store.upsert({ id: "a", n: 1 }, { expectedVersion: 0 })).rejects.toEqual(MISMATCH);
      expect(await store.upsert({ id: "a", n: 2 }, { expectedVersion: 1 })).toMatchObject({ version: 2 });
      await expect(store.upsert({ id: "a", n: 3 }, { expectedVersion: 1 })).rejects.toEqual(MISMATCH);
      expect(await store.get("a")).toEqual({ document: { id: "a", n: 2 }, version: 2 });
    });

    it("counts every one of many at once", async () => {
      const store = await suite.newStore();
      const written = await Promise.all(Array.from({ length: 10 }, (_, n) => store.upsert({ id: "a", n })));
      expect(written.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const last = written.find(({ version }) => version === 10);
      expect(await store.get("a")).toEqual(last);
    });

    it("has one winner among many that expect a version", async () => {
      const store = await suite.newStore();
      for (const expectedVersion of [0, 1]) {
        const calls = Array.from({ length: 6 }, (_, n) => store.upsert({ id: "a", n }, { expectedVersion }));
        const outcomes = await Promise.allSettled(calls);
        expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toEqual(MISMATCH);
      }
    });
  });

  describe("patch", () => {
    const before = { id: "a", keep: 1, drop: 2, o: { keep: [1], drop: null, deep: { x: 1 } }, list: [{ a: 1 }] };

    it.each<[JsonMergePatch, object]>([
      [{}, before],
      [
        { drop: null, absent: null },
        { id: "a", keep: 1, o: before.o, list: before.list },
      ],
      [{ o: { drop: null, deep: { y: 2 } } }, { ...before, o: { keep: [1], deep: { x: 1, y: 2 } } }],
      [{ list: [{ b: null }] }, { ...before, list: [{ b: null }] }],
      [{ o: [1] }, { ...before, o: [1] }],
      [{ keep: { a: { b: null, c: 1 } } }, { ...before, keep: { a: { c: 1 } } }],
      [{ list: { a: 1 } }, { ...before, list: { a: 1 } }],
      [
        { id: "a", "a.b": 1, $set: { "": 2 } },
        { ...before, "a.b": 1, $set: { "": 2 } },
      ],
    ])("merges %j", async (patch, after) => {
      const store = await suite.newStore();
      await store.insert(before);
      expect(await store.patch("a", patch)).toEqual({ document: after, version: 2 });
      expect(await store.get("a")).toEqual({ document: after, version: 2 });
    });

    it("minds the version that it expects, and does not insert", async () => {
      const store = await suite.newStore();
      await expect(store.patch("a", { n: 1 })).rejects.toEqual(MISSING);
      await expect(store.patch("a", { n: 1 }, { expectedVersion: 1 })).rejects.toEqual(MISSING);
      await store.insert({ id: "a" });
      expect(await store.patch("a", { n: 1 }, { expectedVersion: 1 })).toMatchObject({ version: 2 });
      await expect(store.patch("a", { n: 2 }, { expectedVersion: 1 })).rejects.toEqual(MISMATCH);
      expect(await store.get("a")).toEqual({ document: { id: "a", n: 1 }, version: 2 });
    });

    it("refuses another id and what is no patch", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a" });
      for (const patch of [{ id: "b" }, { id: null }, [], null, "x", { a: undefined }, { a: Number.NaN }]) {
        const given = patch as unknown as JsonMergePatch;
        await expect(store.patch("a", given)).rejects.toEqual(failure("invalid_value"));
      }
      expect(await store.get("a")).toEqual({ document: { id: "a" }, version: 1 });
    });

    it("loses none of many at once", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a", o: {} });
      await Promise.all(Array.from({ length: 12 }, (_, n) => store.patch("a", { o: { [`n${n}`]: n } })));
      const found = await store.get("a");
      expect(found?.version).toBe(13);
      expect(Object.keys(found?.document["o"] ?? {})).toHaveLength(12);
    });
  });

  describe("delete", () => {
    it("says whether there was one", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a" });
      await expect(store.delete("a", { expectedVersion: 2 })).rejects.toEqual(MISMATCH);
      await expect(store.delete("a", { expectedVersion: 0 })).rejects.toEqual(MISMATCH);
      expect(await store.delete("a", { expectedVersion: 1 })).toBe(true);
      expect(await store.delete("a", { expectedVersion: 1 })).toBe(false);
      expect(await store.delete("a")).toBe(false);
      expect(await store.insert({ id: "a" })).toMatchObject({ version: 1 });
      expect(await store.delete("a")).toBe(true);
    });

    it("deletes what a filter holds for, or says that it cannot", async () => {
      const store = await suite.newStore();
      await fill(store, [{ id: "1", n: 1 }, { id: "2", n: 2 }, { id: "3", n: 3, list: [5] }, { id: "4" }]);
      expect(await store.deleteMany({ op: "eq", path: ["n"], value: 9 })).toBe(0);
      expect(await store.deleteMany({ op: "eq", path: ["n"], value: 1 })).toBe(1);
      const hasFive = { op: "elemMatch", path: ["list"], filter: { op: "eq", path: [], value: 5 } } as const;
      expect(await store.deleteMany(hasFive)).toBe(1);
      const rest = { op: "ne", path: ["n"], value: 3 } as const;
      if (!suite.storage.database.capabilities.multiDocumentWrites) {
        await expect(store.deleteMany(rest)).rejects.toEqual(failure("unsupported"));
        expect(await store.count()).toBe(2);
        return;
      }
      expect(await store.deleteMany(rest)).toBe(2);
      expect(await store.count()).toBe(0);
    });

    it("deletes everything only when that is said", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "1" });
      const all = { op: "and", filters: [] } as const;
      for (const filter of [
        all,
        { op: "not", filter: { op: "or", filters: [] } },
        { op: "nin", path: ["a"], values: [] },
      ] as const) {
        await expect(store.deleteMany(filter)).rejects.toEqual(failure("invalid_filter"));
      }
      await expect(store.deleteMany(undefined as never)).rejects.toEqual(failure("invalid_filter"));
      expect(await store.count()).toBe(1);
      expect(await store.deleteMany(all, { allowAll: true })).toBe(1);
      expect(await store.deleteMany(all, { allowAll: true })).toBe(0);
    });
  });

  describe("an expected version that is none", () => {
    it.each<[string, (store: DocumentStore, expectedVersion: number) => Promise<unknown>]>([
      ["replace", (store, expectedVersion) => store.replace({ id: "a" }, { expectedVersion })],
      ["upsert", (store, expectedVersion) => store.upsert({ id: "a" }, { expectedVersion })],
      ["patch", (store, expectedVersion) => store.patch("a", {}, { expectedVersion })],
      ["delete", (store, expectedVersion) => store.delete("a", { expectedVersion })],
    ])("is refused by %s", async (_, call) => {
      const store = await suite.newStore();
      for (const version of [-1, 1.5, Number.NaN, 2 ** 53, "1" as unknown as number]) {
        await expect(call(store, version)).rejects.toEqual(failure("invalid_request"));
      }
    });
  });
}
