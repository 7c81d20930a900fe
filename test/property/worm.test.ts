import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMs } from "../../src/clock.ts";
import { isVaultError } from "../../src/errors.ts";
import type { TenantId } from "../../src/identifiers.ts";
import type { Filter } from "../../src/storage/filter.ts";
import type { WormStore } from "../../src/storage/worm-store.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { all, ENTRY, type Entry, entry, NOW, type WormStorage } from "../../src/testing/worm-storage.ts";
import { openInMemoryWormStorage } from "../contract/worm-storage-in-memory.ts";
import { openMongoWormStorage } from "../contract/worm-storage-mongodb.ts";
import { openSqlWormStorage } from "../contract/worm-storage-sql.ts";

/*
 * Random calls on a log, given to an engine and to the in-memory one, have the same outcomes: records with their
 * hashes, or the code of the error.
 */

const SEED = 20_260_303;
const RUNS = 60;

/** The steps that append several documents as one. */
const BATCHES = new Set(["appendBatch", "append again"]);

type Call = (store: WormStore<Entry>) => Promise<unknown>;

interface Step {
  readonly text: string;
  readonly isBatch: boolean;
  readonly call: Call;
}

/** Few documents and few places, so that repetitions and conflicts are frequent. */
const documents = fc
  .record({ index: fc.nat(3), facts: fc.option(facts(), { nil: undefined }) })
  .map((drawn) => (drawn.facts === undefined ? entry(drawn.index) : entry(drawn.index, drawn.facts)));
const place = fc.bigInt(-1n, 12n);
const bound = fc.option(place, { nil: undefined, freq: 2 });
const range = fc.record({ from: bound, to: bound });
const placement = fc.record({
  expectedSequence: fc.option(place, { nil: undefined, freq: 1 }),
  sealedAt: fc.nat(9_999).map((ms) => addMs(NOW, ms)),
});

function facts() {
  const scalar = fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom("a", "A", "ab", "", "ü", "🗝", "\uffff", "1"),
    fc.string({ unit: "grapheme", maxLength: 5 }),
    fc.boolean(),
    fc.constant(null),
  );
  return fc.dictionary(fc.constantFrom("n", "m", "constructor", "a b"), scalar, { noNullPrototype: true });
}

const path = fc.constantFrom(["n"], ["m"], ["constructor"], ["a b"]);
const scalar = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom("a", "A", "ab", "", "🗝"), fc.boolean());
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ op: fc.constantFrom("eq", "ne"), path, value: fc.oneof(scalar, fc.constant(null)) }),
    fc.record({ op: fc.constantFrom("lt", "lte", "gt", "gte"), path, value: scalar }),
    fc.record({ op: fc.constantFrom("in", "nin"), path, values: fc.array(scalar, { maxLength: 3 }) }),
    fc.record({ op: fc.constant("exists"), path }),
    fc.record({ op: fc.constantFrom("prefix", "contains"), path, value: fc.constantFrom("", "a", "A", "%") }),
    fc.record({ op: fc.constantFrom("and", "or"), filters: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ op: fc.constant("not"), filter: tie("filter") }),
  ) as fc.Arbitrary<Filter>,
}));

const limit = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 2 });
const steps = fc.oneof(
  step(
    "append",
    fc.tuple(documents, placement),
    ([document, options]) =>
      (store) =>
        store.append(document, options),
  ),
  step(
    "append",
    fc.tuple(documents, placement),
    ([document, { sealedAt }]) =>
      (store) =>
        store.append(document, { sealedAt }),
  ),
  step(
    "appendBatch",
    fc.tuple(fc.array(documents, { maxLength: 5 }), placement),
    ([batch, options]) =>
      (store) =>
        store.appendBatch(batch, options),
  ),
  step("append again", fc.tuple(range, placement), ([{ from, to }, options]) => async (store) => {
    const there = (await store.getRange({ from, to })).map(({ document }) => document);
    const first = from === undefined || from < 0n ? 0n : from;
    return there.length === 0 || store.appendBatch([...there, entry(0)], { ...options, expectedSequence: first });
  }),
  step("get", place, (sequence) => (store) => store.get(sequence)),
  step("exists", place, (sequence) => (store) => store.exists(sequence)),
  step("getRange", range, (asked) => (store) => store.getRange(asked)),
  step(
    "stream",
    fc.tuple(range, fc.integer({ min: 1, max: 4 })),
    ([asked, batchSize]) =>
      (store) =>
        all(store.stream({ ...asked, batchSize })),
  ),
  step(
    "scan",
    fc.tuple(range, fc.integer({ min: 1, max: 4 })),
    ([asked, batchSize]) =>
      async (store) =>
        (await all(store.scan({ ...asked, batchSize }))).map((rows) =>
          rows.map((row) => ({ ...row, bytes: Buffer.from(row.bytes).toString("hex") })),
        ),
  ),
  step(
    "query",
    fc.record({ filter: fc.option(filter, { nil: undefined, freq: 5 }), from: bound, to: bound, limit }),
    (query) => (store) => store.query(query),
  ),
  step("count", fc.option(filter, { nil: undefined, freq: 5 }), (asked) => (store) => store.count(asked)),
  step("head", fc.constant(null), () => (store) => store.head()),
  step("verifyIntegrity", range, (asked) => (store) => store.verifyIntegrity(asked)),
);

function step<T>(name: string, input: fc.Arbitrary<T>, call: (input: T) => Call): fc.Arbitrary<Step> {
  return input.map((drawn) => ({
    text: `${name} ${fc.stringify(drawn)}`,
    isBatch: BATCHES.has(name),
    call: call(drawn),
  }));
}

async function outcomeOf(call: Call, store: WormStore<Entry>): Promise<unknown> {
  try {
    return await call(store);
  } catch (error) {
    if (!isVaultError(error)) throw error;
    return { code: error.code, details: error.details };
  }
}

interface TestedEngine {
  readonly name: string;
  readonly runs: number;
  readonly open: () => Promise<WormStorage>;
}

const mongoUrl = process.env["MONGODB_URL"];
const ENGINES: readonly TestedEngine[] = [
  ...sqlEngines().map((engine) => ({ name: engine.flavour, runs: RUNS, open: () => openSqlWormStorage(engine) })),
  ...(mongoUrl ? [{ name: "mongodb", runs: 8, open: () => openMongoWormStorage(mongoUrl) }] : []),
];

for (const engine of ENGINES) {
  describe(`logs on ${engine.name}`, () => {
    const ids = seededIds(SEED);
    let tested: WormStorage;
    let oracle: WormStorage;

    beforeAll(async () => {
      [tested, oracle] = [await engine.open(), await openInMemoryWormStorage()];
      await tested.database.prepare([ENTRY]);
    });
    afterAll(async () => {
      await tested[Symbol.asyncDispose]();
      await oracle[Symbol.asyncDispose]();
    });

    /** What batches are to an engine without them is said by the contract. */
    const isAsked = ({ isBatch }: Step): boolean => tested.database.capabilities.atomicBatches || !isBatch;

    it("do what logs in memory do", { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 30, size: "max" }), async (run) => {
          const tenantId = ids.uuid<TenantId>();
          // Two stores of the engine take turns, so that what one remembers is outdated by the other.
          const stores = [tested.database, tested.another()].map((one) => one.log(ENTRY, tenantId, "main"));
          const model = oracle.database.log(ENTRY, tenantId, "main");
          for (const [index, { text, call }] of run.filter(isAsked).entries()) {
            const store = stores[index % 2] as WormStore<Entry>;
            const [outcome, expected] = [await outcomeOf(call, store), await outcomeOf(call, model)];
            expect({ text, outcome }).toEqual({ text, outcome: expected });
          }
          expect(await stores[0]?.verifyIntegrity()).toMatchObject({ isValid: true });
        }),
        { seed: SEED, numRuns: engine.runs },
      );
    });
  });
}
