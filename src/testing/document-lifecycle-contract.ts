import { describe, expect, it } from "vitest";
import type { TenantId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { CollectionDescriptor, DocumentStore } from "../storage/document-store.ts";
import { type DocumentSuite, failure, fill, NEIGHBOURS, PEOPLE } from "./document-storage.ts";
import { seededIds } from "./seeded-ids.ts";

const CALLS: readonly [string, (store: DocumentStore, options?: CallOptions) => Promise<unknown>][] = [
  ["get", (store, options) => store.get("a", options)],
  ["getMany", (store, options) => store.getMany(["a"], options)],
  ["query", (store, options) => store.query({ ...options })],
  ["insert", (store, options) => store.insert({ id: "new" }, options)],
  ["insertMany", (store, options) => store.insertMany([{ id: "new" }], options)],
  ["replace", (store, options) => store.replace({ id: "a", n: 1 }, options)],
  ["upsert", (store, options) => store.upsert({ id: "a", n: 1 }, options)],
  ["patch", (store, options) => store.patch("a", { n: 1 }, options)],
  ["delete", (store, options) => store.delete("a", options)],
  ["deleteMany", (store, options) => store.deleteMany({ op: "exists", path: ["id"] }, options)],
  ["exists", (store, options) => store.exists("a", options)],
  ["count", (store, options) => store.count(undefined, options)],
];

export function documentLifecycleContract(suite: DocumentSuite): void {
  const ids = seededIds(20_260_304);

  describe("another tenant's documents", () => {
    it("do not exist, whatever is asked", async () => {
      const store = await suite.newStore();
      const all = NEIGHBOURS.map(({ id }) => id);
      expect(await store.getMany(all)).toEqual([]);
      expect(await store.query({ orderBy: [{ path: ["age"] }] })).toEqual({ items: [], nextCursor: null });
      expect(await store.count()).toBe(0);
      expect(await store.count({ op: "eq", path: ["whose"], value: "neighbour" })).toBe(0);
      expect(await store.deleteMany({ op: "exists", path: ["whose"] })).toBe(0);
      expect(await store.deleteMany({ op: "and", filters: [] }, { allowAll: true })).toBe(0);
      for (const id of all) {
        expect(await store.get(id)).toBeUndefined();
        expect(await store.exists(id)).toBe(false);
        expect(await store.delete(id)).toBe(false);
        await expect(store.replace({ id })).rejects.toEqual(failure("record_not_found"));
        await expect(store.patch(id, { n: 1 })).rejects.toEqual(failure("record_not_found"));
        await expect(store.upsert({ id }, { expectedVersion: 1 })).rejects.toEqual(failure("version_mismatch"));
      }
    });

    it("take no id and no unique value away", async () => {
      const store = await suite.newStore();
      await fill(
        store,
        NEIGHBOURS.map((document) => ({ ...document, whose: "own" })),
      );
      expect(await store.upsert({ id: "a", email: "a@example.org" })).toMatchObject({ version: 2 });
      expect(await store.count({ op: "eq", path: ["email"], value: "b@example.org" })).toBe(1);
      expect(await store.patch("c", { email: "c@example.org" })).toMatchObject({ version: 2 });
      expect(await store.delete("a")).toBe(true);
    });
  });

  describe("a signal", () => {
    it.each(CALLS)("that has fired keeps %s from beginning", async (_, call) => {
      const store = await suite.newStore();
      await store.insert({ id: "a" });
      await expect(call(store, { signal: AbortSignal.abort() })).rejects.toEqual(failure("aborted"));
      expect(await store.query()).toEqual({ items: [{ document: { id: "a" }, version: 1 }], nextCursor: null });
    });

    it("that fires gives the call up at once, and later calls are well", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a" });
      for (const [, call] of CALLS) {
        const controller = new AbortController();
        const outcome = call(store, { signal: controller.signal });
        controller.abort();
        await expect(outcome).rejects.toEqual(failure("aborted"));
      }
      await store.upsert({ id: "b" });
      expect(await store.exists("b")).toBe(true);
    });

    it("that does not fire changes nothing", async () => {
      const store = await suite.newStore();
      await store.insert({ id: "a" });
      const { signal } = new AbortController();
      expect(await store.get("a", { signal })).toEqual({ document: { id: "a" }, version: 1 });
      expect(await store.patch("a", { n: 1 }, { signal })).toMatchObject({ version: 2 });
      await suite.storage.database.ping({ signal });
      await expect(suite.storage.database.ping({ signal: AbortSignal.abort() })).rejects.toEqual(failure("aborted"));
    });
  });

  describe("prepare", () => {
    const tenantId = ids.uuid<TenantId>();
    const changed = (name: string, indexes: CollectionDescriptor["indexes"]): CollectionDescriptor => ({
      name,
      indexes,
    });

    it("may be done again, by several at once", async () => {
      const descriptor = changed("prepared", PEOPLE.indexes);
      const databases = await Promise.all([suite.storage.another(), suite.storage.another()]);
      await Promise.all(
        [...databases, suite.storage.database].map((database) => database.prepare([descriptor, PEOPLE])),
      );
      await suite.storage.database.prepare([descriptor]);
      const [one, other] = databases.map((database) => database.collection(descriptor, tenantId));
      await one?.insert({ id: "a", email: "a@x" });
      expect(await other?.get("a")).toMatchObject({ document: { id: "a" } });
      await expect(other?.insert({ id: "b", email: "a@x" })).rejects.toEqual(
        failure("record_exists", { rule: "email" }),
      );
      for (const database of databases) await database[Symbol.asyncDispose]();
    });

    it("adds indexes to documents that are there, and takes away what is not declared any more", async () => {
      const { database } = suite.storage;
      const plain = changed("changing", []);
      const unique = changed("changing", [{ name: "code", path: ["code"], type: "string", unique: true }]);
      await database.prepare([plain]);
      await fill(database.collection(plain, tenantId), [{ id: "a", code: "x" }, { id: "b", code: "y" }, { id: "c" }]);
      await fill(database.collection(plain, ids.uuid<TenantId>()), [{ id: "a", code: "x" }]);
      await database.prepare([unique]);
      const store = database.collection(unique, tenantId);
      expect(await store.count({ op: "eq", path: ["code"], value: "x" })).toBe(1);
      await expect(store.insert({ id: "d", code: "x" })).rejects.toEqual(failure("record_exists", { rule: "code" }));
      await expect(store.patch("b", { code: "x" })).rejects.toEqual(failure("record_exists", { rule: "code" }));
      await database.prepare([plain]);
      await database.collection(plain, tenantId).insert({ id: "d", code: "x" });
      await expect(database.prepare([unique])).rejects.toEqual(failure("record_exists", { rule: "code" }));
    });

    it("refuses descriptors that break their rules", async () => {
      const index = PEOPLE.indexes[0] as CollectionDescriptor["indexes"][number];
      const bad: CollectionDescriptor[] = [
        changed("", []),
        changed("1a", []),
        changed("A", []),
        changed("x".repeat(33), []),
        changed("a'", []),
        changed("bad", [index, index]),
        changed("bad", [{ ...index, name: "" }]),
        changed("bad", [{ ...index, name: "id" }]),
        changed("bad", [{ ...index, type: "boolean" as "string" }]),
      ];
      for (const descriptor of bad) {
        await expect(suite.storage.database.prepare([descriptor])).rejects.toEqual(failure("invalid_request"));
      }
      const noPath = changed("bad", [{ ...index, path: ["$a"] }]);
      await expect(suite.storage.database.prepare([noPath])).rejects.toEqual(failure("invalid_filter"));
    });
  });

  it("takes paths of any names for its indexes", async () => {
    const { database } = suite.storage;
    const names = ["'", '"', "\\", "\\'); --", "a b", "{a", "%", "_id", "ü\u{1F5DD}"];
    const descriptor: CollectionDescriptor = {
      name: "odd_names",
      indexes: names.map((name, index) => ({ name: `i${index}`, path: [name, name], type: "string", unique: true })),
    };
    await database.prepare([descriptor]);
    const store = database.collection(descriptor, ids.uuid<TenantId>());
    for (const [index, name] of names.entries()) {
      await store.insert({ id: `${index}`, [name]: { [name]: "x" } });
      const refused = store.insert({ id: "x", [name]: { [name]: "x" } });
      await expect(refused).rejects.toEqual(failure("record_exists", { rule: `i${index}` }));
      expect(await store.count({ op: "eq", path: [name, name], value: "x" })).toBe(1);
    }
  });

  it("rejects every call when it is closed, and leaves others open", async () => {
    const database = await suite.storage.another();
    await database.prepare([PEOPLE]);
    const store = database.collection(PEOPLE, ids.uuid<TenantId>());
    await database[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    for (const [, call] of CALLS) await expect(call(store)).rejects.toEqual(failure("closed"));
    await expect(database.ping()).rejects.toEqual(failure("closed"));
    await expect(database.prepare([PEOPLE])).rejects.toEqual(failure("closed"));
    await suite.storage.database.ping();
  });
}
