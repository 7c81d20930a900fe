import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isVaultError } from "../../src/errors.ts";
import type { TenantId } from "../../src/identifiers.ts";
import type { JsonObject, JsonValue } from "../../src/json.ts";
import type { CollectionDescriptor, DocumentBody, DocumentStore } from "../../src/storage/document-store.ts";
import type { Filter, OrderKey } from "../../src/storage/filter.ts";
import type { DocumentStorage } from "../../src/testing/document-storage.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { openInMemoryDocuments, storedDocumentEngines } from "../contract/document-storage.ts";

/*
 * Random documents, filters, orders and writes, given to an engine and to the in-memory one, have the same outcomes:
 * documents with their versions, page by page, or the code of the error.
 */

const SEED = Number(process.env["STRONGROOM_TEST_SEED"] ?? 20_260_303);
const RUNS = Number(process.env["STRONGROOM_TEST_RUNS"] ?? 40);

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

/** Few names, so that paths and documents meet; among them what engines and languages trip over. */
const name = fc.constantFrom("a", "o", "b", "constructor", "_id", "0", "%", "{a", "[a", "ä'\\", "v", "length");
const storedName = fc.oneof(name, fc.constantFrom("", "$set", "a.b", ".", "%2E", "{", "\u{1F600}"));
const text = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "A",
    "ab",
    "abc",
    "b",
    "1",
    "a%b",
    "a.b",
    "^a",
    "ü",
    "u\u0308",
    "\uFFFF",
    "\u{1F5DD}",
    "\u{10FFFF}",
    "\u{10FFFF}x",
    "null",
    "\\",
    "a\nb",
    "{a",
    "'",
    '"',
  ),
  fc.string({ unit: "binary", maxLength: 6 }).map((drawn) => drawn.replaceAll("\u0000", "0").toWellFormed()),
);
const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(
    1.5,
    -0,
    0.1,
    0.30000000000000004,
    2 ** 31,
    2 ** 53,
    2 ** 53 + 2,
    1e21,
    1e22,
    -1e300,
    1.7976931348623157e308,
    5e-324,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const scalar = fc.oneof(
  { arbitrary: fc.constant(null), weight: 1 },
  { arbitrary: fc.boolean(), weight: 2 },
  { arbitrary: number, weight: 4 },
  { arbitrary: text, weight: 4 },
);

const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: scalar, weight: 5 },
    { arbitrary: fc.dictionary(storedName, tie("value"), { maxKeys: 4, noNullPrototype: true }), weight: 2 },
    { arbitrary: fc.array(tie("value"), { maxLength: 4 }), weight: 2 },
  ),
}));

const id = fc.constantFrom("1", "2", "3", "A", "a", "\uFFFF", "\u{1F5DD}", "10", "a:b", "$x", "%");
const body = fc.dictionary(storedName, value, { maxKeys: 5, noNullPrototype: true });
const unique = fc.option(fc.oneof(fc.constantFrom<JsonValue>("x", "y", 1, null), scalar), { nil: undefined, freq: 3 });
const document = fc
  .record({ id, body, u: unique, v: fc.option(number, { nil: undefined, freq: 1 }) })
  .map((drawn): DocumentBody => {
    const deep: JsonValue | undefined = drawn.body["o"];
    const isObject = typeof deep === "object" && deep !== null && !Array.isArray(deep);
    const members = isObject ? (deep as JsonObject) : {};
    return {
      ...drawn.body,
      ...(isObject && { o: { ...members, ...(drawn.v !== undefined && { u: drawn.v }) } }),
      ...(drawn.u !== undefined && { u: drawn.u }),
      id: drawn.id,
    };
  });

const path = fc.array(name, { minLength: 1, maxLength: 3 });
const innerPath = fc.array(name, { maxLength: 2 });
const knownPath = fc.oneof(path, fc.constantFrom<string[]>(["a"], ["o", "a"], ["b"], ["id"], ["o"], ["u"], ["o", "u"]));

function filters(at: fc.Arbitrary<string[]>): fc.Arbitrary<Filter> {
  const leaf = leaves(at);
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { arbitrary: leaf, weight: 6 },
      {
        arbitrary: fc.record({ op: fc.constantFrom("and", "or"), filters: fc.array(tie("filter"), { maxLength: 3 }) }),
        weight: 2,
      },
      { arbitrary: fc.record({ op: fc.constant("not"), filter: tie("filter") }), weight: 1 },
    ),
  }));
  return filter;
}

function leaves(at: fc.Arbitrary<string[]>): fc.Arbitrary<Filter> {
  return fc.oneof(
    fc.record({ op: fc.constantFrom("eq", "ne"), path: at, value }),
    fc.record({ op: fc.constantFrom("lt", "lte", "gt", "gte"), path: at, value: fc.oneof(number, text, fc.boolean()) }),
    fc.record({
      op: fc.constantFrom("in", "nin"),
      path: at,
      values: fc.array(fc.oneof(scalar, value), { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant("exists"), path: at }),
    fc.record({ op: fc.constantFrom("prefix", "contains"), path: at, value: text }),
  ) as fc.Arbitrary<Filter>;
}

const elementFilter = fc.oneof(
  filters(innerPath),
  fc.record({ op: fc.constant("elemMatch"), path: innerPath, filter: filters(innerPath) }),
) as fc.Arbitrary<Filter>;
const elementMatch = fc.record({ op: fc.constant("elemMatch"), path: knownPath, filter: elementFilter });
const filter = fc.oneof(
  { arbitrary: filters(knownPath), weight: 3 },
  { arbitrary: elementMatch, weight: 1 },
  {
    arbitrary: fc.record({ op: fc.constantFrom("and", "or"), filters: fc.tuple(elementMatch, filters(knownPath)) }),
    weight: 1,
  },
  { arbitrary: fc.record({ op: fc.constant("not"), filter: elementMatch }), weight: 1 },
) as fc.Arbitrary<Filter>;

const orderBy = fc.array(
  fc.record({ path: knownPath, direction: fc.constantFrom("ascending", "descending", undefined) }),
  {
    maxLength: 3,
  },
) as fc.Arbitrary<OrderKey[]>;

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
      .tuple(id, body, version)
      .map(([key, patch, expectedVersion]) =>
        step("patch", [key, patch, expectedVersion], (store) => store.patch(key, patch, { expectedVersion })),
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

describe.each(storedDocumentEngines())("documents on $name", ({ open }) => {
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

  it("are what the in-memory engine says they are", { timeout: 600_000 }, async () => {
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
      { seed: SEED, numRuns: RUNS, interruptAfterTimeLimit: 300_000 },
    );
  });
});
