import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { TenantId } from "../identifiers.ts";
import type { CollectionDescriptor, DocumentBody, DocumentDatabase, DocumentStore } from "../storage/document-store.ts";
import { seededIds } from "./seeded-ids.ts";

/** An engine of documents under test. */
export interface DocumentStorage extends AsyncDisposable {
  readonly database: DocumentDatabase;
  /** Another database over the same documents, as another process has it. */
  another(): Promise<DocumentDatabase>;
}

export type OpenDocumentStorage = () => Promise<DocumentStorage>;

export const PEOPLE: CollectionDescriptor = {
  name: "people",
  indexes: [
    { name: "city", path: ["address", "city"], type: "string" },
    { name: "age", path: ["age"], type: "number" },
    { name: "email", path: ["email"], type: "string", unique: true },
    { name: "number", path: ["papers", "number"], type: "number", unique: true },
  ],
};

/** Another collection with documents of the same ids. */
const PETS: CollectionDescriptor = { name: "pets", indexes: PEOPLE.indexes };

export interface DocumentSuite {
  readonly storage: DocumentStorage;
  /** A tenant's empty collection among neighbours with documents of its ids, which must be untouched when the test ends. */
  newStore(): Promise<DocumentStore>;
}

/** Ids and unique values that a neighbour has too. */
export const NEIGHBOURS: readonly DocumentBody[] = [
  { id: "a", email: "a@example.org", age: 1, papers: { number: 1 }, whose: "neighbour" },
  { id: "b", email: "b@example.org", age: 2, papers: { number: 2 }, whose: "neighbour" },
  { id: "c", address: { city: "Bern" }, whose: "neighbour" },
];

/** Opens one engine for a suite, and looks after the documents beside those under test. */
export function documentSuite(open: OpenDocumentStorage): DocumentSuite {
  const ids = seededIds(20_260_303);
  let storage: DocumentStorage;
  let neighbours: DocumentStore[] = [];
  let underTest: DocumentStore[] = [];

  beforeAll(async () => {
    storage = await open();
    await storage.database.prepare([PEOPLE, PETS]);
  });
  afterAll(async () => {
    await storage[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    const met = neighbours;
    neighbours = [];
    for (const store of met) {
      const { items } = await store.query();
      expect(items).toEqual(NEIGHBOURS.map((document) => ({ document, version: 1 })));
    }
    // An engine without an index for everything is slow among what other tests have left.
    const own = underTest;
    underTest = [];
    for (const store of [...own, ...met]) await empty(store);
  });

  return {
    get storage() {
      return storage;
    },
    async newStore() {
      const { database } = storage;
      const tenantId = ids.uuid<TenantId>();
      const others = [database.collection(PETS, tenantId), database.collection(PEOPLE, ids.uuid<TenantId>())];
      for (const store of others) for (const document of NEIGHBOURS) await store.insert(document);
      neighbours.push(...others);
      const store = database.collection(PEOPLE, tenantId);
      underTest.push(store);
      return store;
    },
  };
}

async function empty(store: DocumentStore): Promise<void> {
  const { items } = await store.query({ limit: 1_000 });
  await Promise.all(items.map(({ document }) => store.delete(document.id)));
}

/** Inserts one by one, because not every engine takes several at once. */
export async function fill(store: DocumentStore, documents: readonly DocumentBody[]): Promise<void> {
  for (const document of documents) await store.insert(document);
}

export function failure(code: string, details?: object): unknown {
  return expect.objectContaining({ code, ...(details && { details: expect.objectContaining(details) }) });
}
