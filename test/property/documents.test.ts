import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isVaultError } from "../../src/errors.ts";
import type { TenantId } from "../../src/identifiers.ts";
import type { CollectionDescriptor, DocumentStore } from "../../src/storage/document-store.ts";
import type { Filter, OrderKey } from "../../src/storage/filter.ts";
import type { DocumentStorage } from "../../src/testing/document-storage.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { openInMemoryDocuments, storedDocumentEngines } from "../contract/document-storage.ts";
import { document, filter, id, orderBy, patch } from "./document-arbitraries.ts";

/*
 * Random documents, filters, orders and writes, given to an engine and to the in-memory one, have the same outcomes:
 * documents with their versions, page by page, or the code of the error.
 */

const SEED = Number(process.env["STRONGROOM_TEST_SEED"] ?? 20_260_303);
const RUNS = process.env["STRONGROOM_TEST_RUNS"];
/** Where a call takes long. */
const RUNS_BY_ENGINE: Readonly<Record<string, number>> = { mongodb: 12 };
const RUNS_DEFAULT = 50;

const COLLECTION: CollectionDescriptor = {
  name: "things",
  indexes: [
    { name: "by_a", path: ["a"], type: "string" },
    { name: "by_number", path: ["a"], type: "number" },
    { name: "by_deep", path: ["o", "a"], type: "string" },
    { name: "one_u", path: ["u"], type: "string", unique: true },
    { name: "one_v", path: ["o", "u"], type: "number", unique: true },
  ],
};

type Call = (store: DocumentStore) => Promise<unknown>;

interface Step {
  readonly text: string;
  readonly call: Call;
}

const version = fc.option(fc.nat(3), { nil: undefined, freq: 1 });
const write: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: document.map((drawn) => step("insert", [drawn], (store) => store.insert(drawn))), weight: 4 },
  {
    arbitrary: fc
      .tuple(document, version)
      .map(([drawn, expectedVersion]) =>
        step("upsert", [drawn, expectedVersion], (store) => store.upsert(drawn, { expectedVersion })),
      ),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(document, version)
      .map(([drawn, expectedVersion]) =>
        step("replace", [drawn, expectedVersion], (store) => store.replace(drawn, { expectedVersion })),
      ),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(id, patch, version)
      .map(([key, change, expectedVersion]) =>
        step("patch", [key, change, expectedVersion], (store) => store.patch(key, change, { expectedVersion })),
      ),
    weight: 3,
  },
  {
    arbitrary: fc
      .tuple(id, version)
      .map(([key, expectedVersion]) =>
        step("delete", [key, expectedVersion], (store) => store.delete(key, { expectedVersion })),
      ),
    weight: 1,
  },
);
const read: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc
      .record({ filter, orderBy, limit: fc.integer({ min: 1, max: 4 }) })
      .map((query) => step("pages", [query], (store) => pages(store, query))),
    weight: 4,
  },
  { arbitrary: filter.map((drawn) => step("count", [drawn], (store) => store.count(drawn))), weight: 1 },
  {
    arbitrary: fc.array(id, { maxLength: 4 }).map((keys) => step("getMany", [keys], (store) => store.getMany(keys))),
    weight: 1,
  },
  { arbitrary: id.map((key) => step("exists", [key], (store) => store.exists(key))), weight: 1 },
);
const multiWrite: fc.Arbitrary<Step> = fc.oneof(
  fc.array(document, { maxLength: 3 }).map((drawn) => step("insertMany", [drawn], (store) => store.insertMany(drawn))),
  filter.map((drawn) => step("deleteMany", [drawn], (store) => store.deleteMany(drawn))),
);

function step(what: string, given: readonly unknown[], call: Call): Step {
  return { text: `${what}(${given.map((one) => JSON.stringify(one)).join(", ")})`, call };
}

async function pages(
  store: DocumentStore,
  query: { filter: Filter; orderBy: OrderKey[]; limit: number },
): Promise<unknown> {
  const found: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.query({ ...query, cursor });
    found.push(...page.items, page.nextCursor === null ? "end" : "next");
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

async function outcome(store: DocumentStore, { call }: Step): Promise<unknown> {
  try {
    return await call(store);
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return { code: error.code };
  }
}

describe.each(storedDocumentEngines())("documents on $name", ({ name: engine, open }) => {
  const ids = seededIds(SEED);
  let storage: DocumentStorage;
  let oracle: DocumentStorage;

  beforeAll(async () => {
    [storage, oracle] = await Promise.all([open(), openInMemoryDocuments()]);
    await Promise.all([storage.database.prepare([COLLECTION]), oracle.database.prepare([COLLECTION])]);
  });
  afterAll(async () => {
    await storage[Symbol.asyncDispose]();
    await oracle[Symbol.asyncDispose]();
  });

  it("are what the in-memory engine says they are", { timeout: 120_000 * Number(RUNS ?? 1) }, async () => {
    const steps = storage.database.capabilities.multiDocumentWrites
      ? fc.oneof({ arbitrary: write, weight: 6 }, { arbitrary: read, weight: 8 }, { arbitrary: multiWrite, weight: 1 })
      : fc.oneof({ arbitrary: write, weight: 3 }, { arbitrary: read, weight: 4 });
    const beginning = fc.array(document, { minLength: 4, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(beginning, fc.array(steps, { minLength: 4, maxLength: 12 }), async (documents, calls) => {
        const tenantId = ids.uuid<TenantId>();
        const store = storage.database.collection(COLLECTION, tenantId);
        const model = oracle.database.collection(COLLECTION, tenantId);
        const first = documents.map((drawn) => step("insert", [drawn], (into) => into.insert(drawn)));
        for (const one of [...first, ...calls]) {
          expect({ step: one.text, outcome: await outcome(store, one) }).toEqual({
            step: one.text,
            outcome: await outcome(model, one),
          });
        }
      }),
      { seed: SEED, numRuns: Number(RUNS ?? RUNS_BY_ENGINE[engine] ?? RUNS_DEFAULT) },
    );
  });
});
