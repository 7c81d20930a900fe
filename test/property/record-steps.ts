import fc from "fast-check";
import type { Instant } from "../../src/clock.ts";
import type { JsonValue } from "../../src/json.ts";
import type { Filter, OrderKey } from "../../src/storage/filter.ts";
import type { NewWidget, Widget } from "../../src/testing/record-storage.ts";

export interface StepQuery {
  readonly filter: Filter | undefined;
  readonly orderBy: readonly OrderKey[] | undefined;
  readonly limit: number;
}

export type RecordStep =
  | { readonly kind: "add"; readonly widget: NewWidget }
  | { readonly kind: "addMany"; readonly widgets: readonly NewWidget[] }
  | { readonly kind: "get"; readonly id: string }
  | { readonly kind: "update"; readonly widget: NewWidget; readonly expectedVersion: number | undefined }
  | {
      readonly kind: "patch";
      readonly id: string;
      readonly change: Partial<Omit<Widget, "id" | "version">>;
      readonly expectedVersion: number | undefined;
    }
  | { readonly kind: "remove"; readonly id: string; readonly expectedVersion: number | undefined }
  | { readonly kind: "query"; readonly query: StepQuery }
  | { readonly kind: "transaction"; readonly steps: readonly RecordStep[]; readonly fails: boolean };

/** Few of each, so that records meet each other, and those that engines are known to stumble over. */
const IDS = Array.from({ length: 8 }, (_, digit) => `019c0000-0000-7000-8000-00000000000${digit}`);
const TEXTS = [
  "",
  "a",
  "A",
  "ab",
  "b",
  "ä",
  "z\u0301",
  "\u{1F600}",
  "\uffee",
  "\uffff",
  "%",
  "_",
  "\\",
  "'",
  '"{}',
  "null",
  "\u0001",
  " ",
];
const INSTANTS = [
  "0001-01-01T00:00:00.000Z",
  "1969-12-31T23:59:59.999Z",
  "2026-03-03T09:30:00.000Z",
  "2026-03-03T09:30:00.100Z",
  "2026-03-03T09:30:00.120Z",
  "9999-12-31T23:59:59.999Z",
] as Instant[];
const BIGINTS = [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n];
const INTEGERS = [-(2 ** 31), -1, 0, 1, 2, 2 ** 31 - 1];
const DOUBLES = [-Number.MAX_VALUE, -1.5, -Number.MIN_VALUE, 0, 0.1 + 0.2, 1, 1.5, 2 ** 53, Number.MAX_VALUE];
const HEXES = ["", "00", "ab", "ab00", "ff"];
const JSONS: JsonValue[] = [
  null,
  false,
  true,
  0,
  1,
  "1",
  "",
  [],
  {},
  [1],
  { a: 1 },
  { a: 1, b: [null] },
  [null],
  2 ** 53,
];

const text = fc.constantFrom(...TEXTS);
const id = fc.constantFrom(...IDS);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });

const values = {
  name: fc.oneof({ weight: 1, arbitrary: fc.constantFrom("one", "two") }, { weight: 4, arbitrary: fc.uuid() }),
  kind: fc.oneof(
    text,
    fc.string({ unit: "grapheme" }).filter((value) => value.isWellFormed() && !value.includes("\u0000")),
  ),
  slot: orNull(text),
  amount: orNull(fc.constantFrom(...BIGINTS)),
  count: fc.constantFrom(...INTEGERS),
  ratio: orNull(fc.constantFrom(...DOUBLES)),
  isOpen: fc.boolean(),
  at: orNull(fc.constantFrom(...INSTANTS)),
  ref: orNull(id),
  digest: orNull(fc.constantFrom(...HEXES)),
  data: fc.constantFrom(...JSONS),
  extra: fc.constantFrom(...JSONS),
};

const widget: fc.Arbitrary<NewWidget> = fc.record({ id, ...values });
const expectedVersion = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });

/** A scalar that is a value of some property, or nearly one. */
const scalar: fc.Arbitrary<string | number | boolean> = fc.oneof(
  text,
  id,
  fc.constantFrom<string>(...INSTANTS, "2026", "2026-03-03T09:30:00Z"),
  fc.constantFrom(...HEXES, "a", "AB"),
  fc.constantFrom(...INTEGERS, ...DOUBLES, ...BIGINTS.map(Number), -0.5, 0.5, 1e300, -1e300, -0),
  fc.boolean(),
);
const json: fc.Arbitrary<JsonValue> = fc.oneof(scalar, fc.constantFrom(...JSONS));

const ordered = fc.constantFrom(
  "id",
  "version",
  ...Object.keys(values).filter((name) => name !== "data" && name !== "extra"),
);
const any = fc.oneof(ordered, fc.constantFrom("data", "extra"));
const pathOf = (name: fc.Arbitrary<string>) => name.map((property) => [property]);

const condition: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ op: fc.constantFrom("eq", "ne"), path: pathOf(any), value: json }),
  fc.record({ op: fc.constantFrom("in", "nin"), path: pathOf(any), values: fc.array(json, { maxLength: 4 }) }),
  fc.record({ op: fc.constantFrom("lt", "lte", "gt", "gte"), path: pathOf(ordered), value: scalar }),
  fc.record({
    op: fc.constantFrom("prefix", "contains"),
    path: pathOf(ordered),
    value: fc.oneof(text, fc.constantFrom("0", "-", "2026", "T09")),
  }),
  fc.record({ op: fc.constant("exists" as const), path: pathOf(any) }),
);

const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    { weight: 3, arbitrary: condition },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constantFrom("and", "or"), filters: fc.array(tie("filter"), { maxLength: 3 }) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("not" as const), filter: tie("filter") }) },
  ),
}));

const orderKey: fc.Arbitrary<OrderKey> = fc.record({
  path: pathOf(ordered),
  direction: fc.constantFrom("ascending", "descending", undefined),
});

const query: fc.Arbitrary<StepQuery> = fc.record({
  filter: fc.option(filter, { nil: undefined, freq: 3 }),
  orderBy: fc.option(fc.array(orderKey, { maxLength: 4 }), { nil: undefined, freq: 4 }),
  limit: fc.integer({ min: 1, max: 4 }),
});

const write: fc.Arbitrary<RecordStep> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), widget }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("addMany" as const), widgets: fc.array(widget, { maxLength: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("update" as const), widget, expectedVersion }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("patch" as const),
      id,
      change: fc.record(values, { requiredKeys: [] }),
      expectedVersion,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), id, expectedVersion }) },
);

const read: fc.Arbitrary<RecordStep> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("get" as const), id }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("query" as const), query }) },
);

const transaction: fc.Arbitrary<RecordStep> = fc.record({
  kind: fc.constant("transaction" as const),
  steps: fc.array(fc.oneof(write, read), { maxLength: 4 }),
  fails: fc.boolean(),
});

/** Whatever callers may do with the records of one tenant. */
export const recordSteps = fc.array(
  fc.oneof({ weight: 5, arbitrary: write }, { weight: 3, arbitrary: read }, { weight: 1, arbitrary: transaction }),
  { minLength: 5, maxLength: 25 },
);
