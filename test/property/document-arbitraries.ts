import fc from "fast-check";
import type { JsonObject, JsonValue } from "../../src/json.ts";
import type { DocumentBody } from "../../src/storage/document-store.ts";
import type { Filter, OrderKey } from "../../src/storage/filter.ts";

/** Few names, so that paths and documents meet; and some that engines and languages trip over. */
const name = fc.oneof(
  { arbitrary: fc.constantFrom("a", "o", "b"), weight: 6 },
  { arbitrary: fc.constantFrom("constructor", "_id", "0", "%", "{a", "[a", "ä'\\", "v", "length"), weight: 2 },
);
const storedName = fc.oneof(
  { arbitrary: name, weight: 6 },
  { arbitrary: fc.constantFrom("", "$set", "a.b", ".", "%2E", "{", '"', "\u{1F600}"), weight: 1 },
);
/** Values that nearly equal each other, for documents and for what they are compared with. */
const similar = fc.constantFrom<JsonValue>(
  {},
  { a: 1 },
  { a: 1, b: 2 },
  { b: 2, a: 1 },
  { a: null },
  { a: [1] },
  { a: { a: 1 } },
  [],
  [1],
  [1, 2],
  [2, 1],
  [[1]],
  [{ a: 1 }],
  [{ a: 1, b: 2 }],
  [{ a: 1 }, { b: 2 }],
  [null],
  ["a", "b"],
);
const text = fc.oneof(
  { arbitrary: fc.constantFrom("", "a", "ab", "b", "ac", "A"), weight: 4 },
  { arbitrary: exoticText(), weight: 2 },
);

function exoticText(): fc.Arbitrary<string> {
  return fc.oneof(
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
}

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
    { arbitrary: similar, weight: 2 },
    { arbitrary: fc.dictionary(storedName, tie("value"), { maxKeys: 4, noNullPrototype: true }), weight: 2 },
    { arbitrary: fc.array(tie("value"), { maxLength: 4 }), weight: 2 },
  ),
}));

export const id = fc.constantFrom("1", "2", "3", "A", "a", "\uFFFF", "\u{1F5DD}", "10", "a:b", "$x", "%");
const body = fc.dictionary(storedName, value, { maxKeys: 5, noNullPrototype: true });
/** Half of its members are taken away, here or further down. */
export const patch = fc.dictionary(
  storedName,
  fc.oneof(
    fc.constant(null),
    value,
    fc.dictionary(storedName, fc.oneof(fc.constant(null), value), { maxKeys: 3, noNullPrototype: true }),
  ),
  { maxKeys: 4, noNullPrototype: true },
);
const unique = fc.option(fc.oneof(fc.constantFrom<JsonValue>("x", "y", 1, null), scalar), { nil: undefined, freq: 3 });
export const document = fc
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
const knownPath = fc.oneof({ arbitrary: path, weight: 1 }, { arbitrary: knownPaths(), weight: 3 });

function knownPaths(): fc.Arbitrary<string[]> {
  return fc.constantFrom<string[]>(["a"], ["o", "a"], ["b"], ["id"], ["o"], ["u"], ["o", "u"]);
}

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
    fc.record({ op: fc.constantFrom("eq", "ne"), path: at, value: fc.oneof(similar, value) }),
    fc.record({ op: fc.constantFrom("lt", "lte", "gt", "gte"), path: at, value: fc.oneof(number, text, fc.boolean()) }),
    fc.record({
      op: fc.constantFrom("in", "nin"),
      path: at,
      values: fc.array(fc.oneof(scalar, similar, value), { maxLength: 3 }),
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
export const filter = fc.oneof(
  { arbitrary: filters(knownPath), weight: 3 },
  { arbitrary: elementMatch, weight: 1 },
  {
    arbitrary: fc.record({ op: fc.constantFrom("and", "or"), filters: fc.tuple(elementMatch, filters(knownPath)) }),
    weight: 1,
  },
  { arbitrary: fc.record({ op: fc.constant("not"), filter: elementMatch }), weight: 1 },
) as fc.Arbitrary<Filter>;

export const orderBy = fc.array(
  fc.record({ path: knownPath, direction: fc.constantFrom("ascending", "descending", undefined) }),
  {
    maxLength: 3,
  },
) as fc.Arbitrary<OrderKey[]>;
