import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coerce } from "../../testing/value-type-tables.ts";
import { FIELD_VALUE_TYPES } from "../field-definition.ts";
import { coercePhone } from "./phone-type.ts";
import { inferValueType } from "./value-types.ts";

describe("every type", () => {
  const anything = fc.oneof(
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
      withTypedArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
    }),
    fc.string({ unit: "binary" }),
    fc.emailAddress(),
    fc.stringMatching(/^[+(0]{0,2}[0-9 ().-]{5,20}$/),
    fc.stringMatching(/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/),
    fc.stringMatching(/^[+-]?\d{0,20}\.?\d{0,5}(e[+-]?\d{1,3})?$/),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  );

  it.each(FIELD_VALUE_TYPES)("%s never throws, and its canonical form is a fixed point that survives JSON", (type) => {
    fc.assert(
      fc.property(anything, (value) => {
        const first = coerce(type, value);
        if (!first.ok) return;
        expect(JSON.parse(JSON.stringify(first.value))).toEqual(first.value);
        expect(coerce(type, first.value)).toEqual(first);
      }),
      { numRuns: 3_000, seed: 20_260_303 },
    );
  });

  it("phone numbers of every country code stand still once they are canonical", () => {
    const international = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.stringMatching(/^[0-9]{5,12}$/));
    fc.assert(
      fc.property(
        international,
        fc.constantFrom("GB", "US", "AR", "MX", "BR", "RU", "IT", undefined),
        ([code, rest], region) => {
          for (const text of [`+${code}${rest}`, rest]) {
            const first = coercePhone(text, { defaultRegion: region });
            if (first.ok) expect(coercePhone(first.value, { defaultRegion: region })).toEqual(first);
          }
        },
      ),
      { numRuns: 5_000, seed: 7 },
    );
  });

  it("never says what the value was", () => {
    const secret = fc.stringMatching(/^[b-df-hj-np-tv-xz]{9,14}$/);
    fc.assert(
      fc.property(secret, fc.constantFrom(...FIELD_VALUE_TYPES), (text, type) => {
        for (const value of [text, `${text}\u0000`, { [text]: undefined }, [text, Number.NaN], Symbol(text)]) {
          const coercion = coerce(type, value);
          if (!coercion.ok) expect(coercion.message).not.toContain(text);
        }
      }),
      { seed: 11 },
    );
  });
});

describe("the type of a value that nothing describes", () => {
  it.each([
    ["x", "string"],
    ["1", "string"],
    [1, "number"],
    [false, "boolean"],
    [{}, "json"],
    [[], "json"],
    [null, "json"],
  ] as const)("of %j is %s", (value, type) => {
    expect(inferValueType(value)).toBe(type);
  });
});
