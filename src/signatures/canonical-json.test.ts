import canonicalize from "canonicalize";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../json.ts";
import { canonicalJson, isCanonicalJson } from "./canonical-json.ts";

const SEED = 20_260_303;

describe("canonicalJson", () => {
  it("agrees with the reference implementation on any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        expect(canonicalJson(value as JsonValue)).toBe(canonicalize(value));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it("leaves out members that are undefined", () => {
    expect(canonicalJson({ b: 1, a: undefined } as never)).toBe('{"b":1}');
  });

  it("does not depend on the order in which members were added", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.integer()), (members) => {
        const reversed = Object.fromEntries(Object.entries(members).toReversed());
        expect(canonicalJson(reversed)).toBe(canonicalJson(members));
      }),
      { seed: SEED },
    );
  });

  it("reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value as JsonValue))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: SEED },
    );
  });

  it("writes numbers and strings as RFC 8785 section 3.2.2 and 3.2.3 do", () => {
    const numbers = [333_333_333.333_333_3, 1e30, 4.5, 0.002, 1e-27, -0];
    expect(canonicalJson(numbers)).toBe("[333333333.3333333,1e+30,4.5,0.002,1e-27,0]");
    const text = '\u20ac$\u000f\nA\'B"\\\\"/';
    expect(canonicalJson(text)).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
    const names = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
    expect(canonicalJson(names)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, [undefined], [() => 1]])(
    "refuses %s, which JSON cannot write",
    (value) => {
      expect(() => canonicalJson(value as never)).toThrow(expect.objectContaining({ code: "invalid_value" }));
    },
  );
});

describe("isCanonicalJson", () => {
  /** Names whose order in an object is not the one they were added in. */
  const name = fc.oneof(fc.constantFrom("0", "9", "10", "a", "b", "toJSON", "length"), fc.string({ unit: "binary" }));
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.jsonValue({ maxDepth: 0, stringUnit: "binary" }) as fc.Arbitrary<JsonValue>,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it("tells the canonical text of a value from any other", () => {
    fc.assert(
      fc.property(value, (given) => {
        for (const text of [canonicalJson(given), JSON.stringify(given), JSON.stringify(given, null, 1)]) {
          const parsed = JSON.parse(text) as JsonValue;
          expect(isCanonicalJson(text, parsed)).toBe(canonicalJson(parsed) === text);
        }
      }),
      { seed: SEED, numRuns: 3_000 },
    );
  });

  it.each([
    ['{"10":1,"9":2}', true],
    ['{"9":2,"10":1}', false],
    ['{"1":1,"0":2}', false],
    ['{"a":1,"a":1}', false],
    ['{"a":{"c":1,"b":2}}', false],
    ['[{"a":1,"b":{}},"c"]', true],
  ])("takes %s for canonical: %s", (text, expected) => {
    expect(isCanonicalJson(text, JSON.parse(text) as JsonValue)).toBe(expected);
  });
});
