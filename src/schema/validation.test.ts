import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { fieldDefinition } from "../testing/schema-records.ts";
import { compileDefinition, DefinitionCompiler } from "./definition-compiler.ts";
import { FIELD_VALUE_TYPES, type FieldDefinition, VALIDATION_MODES } from "./field-definition.ts";
import { effectiveMode, expiresAtFor, unknownFieldIssue, validateUnknownField, validateValue } from "./validation.ts";

function validate(over: Partial<FieldDefinition>, value: unknown, mode: (typeof VALIDATION_MODES)[number] = "strict") {
  return validateValue(compileDefinition(fieldDefinition(over)), value, mode);
}

function errorTypes(over: Partial<FieldDefinition>, value: unknown): string[] {
  return validate(over, value).errors.map(({ errorType }) => errorType);
}

describe("validation by mode", () => {
  const number: Partial<FieldDefinition> = { valueType: "number" };

  it.each(["strict", "warn"] as const)("makes a good value canonical in %s mode", (mode) => {
    expect(validate(number, "30", mode)).toEqual({ value: 30, valueType: "number", errors: [], accepted: true });
  });

  it("refuses a bad value in strict mode", () => {
    const result = validate(number, "abc", "strict");
    expect(result).toMatchObject({ accepted: false, value: "abc", valueType: "string" });
    expect(result.errors).toMatchObject([{ fieldName: "legal_name", errorType: "format_error" }]);
  });

  it("keeps a bad value as it was given in warn mode, and reports it", () => {
    const result = validate(number, "abc", "warn");
    expect(result).toMatchObject({ accepted: true, value: "abc", valueType: "string" });
    expect(result.errors).toHaveLength(1);
  });

  it("gives back the given value when only a later rule was broken", () => {
    const result = validate({ valueType: "email", allowedValues: ["a@b.co"] }, " Ada@EXAMPLE.org", "warn");
    expect(result).toMatchObject({ accepted: true, value: " Ada@EXAMPLE.org", valueType: "string" });
  });

  it("leaves a value alone in disabled mode", () => {
    expect(validate(number, "30", "disabled")).toEqual({
      value: "30",
      valueType: "string",
      errors: [],
      accepted: true,
    });
  });

  it.each([
    ["disabled", { enabled: false }],
    ["suggested", { suggestionState: "suggested" }],
    ["rejected", { suggestionState: "rejected" }],
  ] as const)("does not validate by a %s definition", (_, over) => {
    expect(validate({ ...number, ...over }, "abc", "strict")).toMatchObject({
      value: "abc",
      errors: [],
      accepted: true,
    });
  });

  it.each(VALIDATION_MODES)("accepts nothing that cannot be stored in %s mode", (mode) => {
    for (const value of ["a\u0000", undefined, Number.NaN, () => 1, { a: "\ud800" }, ["x".repeat(70_000)]]) {
      for (const valueType of FIELD_VALUE_TYPES) {
        const result = validate({ valueType }, value, mode);
        expect(result).toMatchObject({ accepted: false, value: null });
        expect(result.errors.some(({ message }) => message.includes("cannot be stored"))).toBe(true);
      }
      expect(validateUnknownField("x", value, mode)).toMatchObject({ accepted: false, value: null });
    }
  });

  it("says once that a text cannot be stored", () => {
    expect(validate({}, "a\u0000", "strict").errors).toHaveLength(1);
  });

  it("keeps a Date object as an instant, whatever becomes of it", () => {
    const date = new Date("2026-03-03T09:30:00Z");
    const kept = { value: "2026-03-03T09:30:00.000Z", valueType: "date", accepted: true };
    expect(validate({ valueType: "date" }, date)).toMatchObject({ ...kept, errors: [] });
    expect(validate({ valueType: "number" }, date, "warn")).toMatchObject(kept);
    expect(validate({ valueType: "number" }, date, "disabled")).toMatchObject(kept);
  });
});

describe("the rules of a definition", () => {
  it("collects every error, in the order type, pattern, allowed values", () => {
    const over: Partial<FieldDefinition> = {
      valueType: "email",
      validationRegex: ".*@bank\\.org",
      allowedValues: ["a@bank.org"],
    };
    expect(errorTypes(over, "nope")).toEqual(["format_error", "regex_error", "allowed_values_error"]);
    expect(errorTypes(over, "b@example.org")).toEqual(["regex_error", "allowed_values_error"]);
    expect(errorTypes(over, "b@bank.org")).toEqual(["allowed_values_error"]);
    expect(errorTypes(over, "a@BANK.org")).toEqual([]);
    expect(errorTypes(over, 5)).toEqual(["type_error", "allowed_values_error"]);
  });

  it.each([
    ["[A-Z]{2}", "AB", true],
    ["[A-Z]{2}", "ABC", false],
    ["[A-Z]{2}", "xAB", false],
    ["[A-Z]{2}", "AB\n", false],
    ["a|ab", "ab", true],
    ["^x$", "x", true],
    ["", "", true],
    ["", "x", false],
    ["(?i)é+", "ÉÉ", true],
  ])("matches %j as a whole with %j: %s", (validationRegex, value, matches) => {
    expect(errorTypes({ validationRegex }, value)).toEqual(matches ? [] : ["regex_error"]);
  });

  it("matches the canonical value", () => {
    expect(errorTypes({ valueType: "phone", validationRegex: "\\+44[0-9]{10}" }, "+44 (0)20 7946 0958")).toEqual([]);
  });

  it.each(["(", "a(?=b)", "(a)\\1", "((a{1,10}){1,10}){1,10}", "[z-a]"])(
    "reports the stored pattern %j",
    (validationRegex) => {
      expect(errorTypes({ validationRegex }, "a")).toEqual(["config_error"]);
    },
  );

  it("asks for text where a stored definition has a pattern for another type", () => {
    expect(errorTypes({ valueType: "number", validationRegex: "[0-9]+" }, 5)).toEqual(["type_error"]);
  });

  it.each([
    ["number", ["1", "2.50"], "1.0", true],
    ["number", ["1", "2.50"], 2.5, true],
    ["number", ["1", "2.50"], 3, false],
    ["boolean", ["yes"], true, true],
    ["boolean", ["yes"], "no", false],
    ["phone", ["+44 20 7946 0958"], "00442079460958", true],
    ["date", ["2026-03-03T10:00:00+01:00"], "2026-03-03T09:00:00Z", true],
    ["string", ["a"], "A", false],
  ] as const)(
    "compares allowed values of type %s after coercion: %j and %j is %s",
    (...[valueType, allowedValues, value, allowed]) => {
      expect(errorTypes({ valueType, allowedValues }, value)).toEqual(allowed ? [] : ["allowed_values_error"]);
    },
  );

  it.each(["(a+)+$", "(a|aa)+$", "(.*a){20}", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "takes linear time for %j on 50,000 characters",
    (validationRegex) => {
      const compiled = compileDefinition(fieldDefinition({ validationRegex }));
      const hostile = `${"a".repeat(50_000)}!`;
      const startedAt = performance.now();
      expect(validateValue(compiled, hostile, "strict").accepted).toBe(false);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    },
  );

  it("is deterministic, and its messages hold neither the value nor the pattern", () => {
    const secret = fc.stringMatching(/^[b-df-hj-np-tv-xz]{9,14}$/);
    const types = fc.constantFrom(...FIELD_VALUE_TYPES);
    fc.assert(
      fc.property(fc.tuple(secret, secret, types, fc.constantFrom(...VALIDATION_MODES)), (drawn) => {
        const [value, pattern, valueType, mode] = drawn;
        const definition = fieldDefinition({ valueType, validationRegex: `${pattern}(`, allowedValues: [pattern] });
        for (const validationRegex of [`${pattern}(`, `${pattern}x`, null]) {
          const compiled = compileDefinition({ ...definition, validationRegex });
          for (const given of [value, [value], { [value]: value }, `${value}\u0000`, { [value]: undefined }]) {
            const result = validateValue(compiled, given, mode);
            expect(validateValue(compiled, given, mode)).toEqual(result);
            const messages = JSON.stringify(result.errors);
            expect(messages).not.toContain(value);
            expect(messages).not.toContain(pattern);
          }
        }
      }),
      { seed: 5 },
    );
  });
});

describe("an unknown field", () => {
  it("is refused, reported or let through by the mode", () => {
    const errors = [unknownFieldIssue("shoe_size")];
    expect(validateUnknownField("shoe_size", 44, "strict")).toEqual({
      value: 44,
      valueType: "number",
      errors,
      accepted: false,
    });
    expect(validateUnknownField("shoe_size", 44, "warn")).toEqual({
      value: 44,
      valueType: "number",
      errors,
      accepted: true,
    });
    expect(validateUnknownField("shoe_size", 44, "disabled")).toMatchObject({ errors: [], accepted: true });
    expect(errors[0]).toMatchObject({ fieldName: "shoe_size", errorType: "unknown_field" });
  });
});

describe("the mode in effect", () => {
  const none = { definition: null, agent: null, tenant: null, request: null };

  it("is the nearest one that is set, warn at last", () => {
    expect(effectiveMode(none)).toBe("warn");
    expect(effectiveMode({ ...none, tenant: "strict" })).toBe("strict");
    expect(effectiveMode({ ...none, tenant: "strict", agent: "disabled" })).toBe("disabled");
    expect(effectiveMode({ ...none, tenant: "strict", agent: "disabled", definition: "warn" })).toBe("warn");
  });

  it("is made stricter by a request, never laxer", () => {
    const order = ["disabled", "warn", "strict"] as const;
    for (const definition of order) {
      for (const request of order) {
        const expected = order[Math.max(order.indexOf(definition), order.indexOf(request))];
        expect(effectiveMode({ ...none, definition, request })).toBe(expected);
      }
    }
  });
});

describe("retention", () => {
  const recordedAt = "2024-02-28T12:00:00.000Z" as Instant;

  it("ends whole days after the value was recorded", () => {
    expect(expiresAtFor(fieldDefinition({ retentionDays: 2 }), recordedAt)).toBe("2024-03-01T12:00:00.000Z");
  });

  it("is endless without retention, and by a definition that is not in force", () => {
    expect(expiresAtFor(fieldDefinition(), recordedAt)).toBeNull();
    expect(expiresAtFor(fieldDefinition({ retentionDays: 2, suggestionState: "suggested" }), recordedAt)).toBeNull();
  });
});

describe("the compiler of definitions", () => {
  it("compiles a version once", () => {
    const compiler = new DefinitionCompiler();
    const definition = fieldDefinition({ validationRegex: "a+" });
    expect(compiler.compile({ ...definition })).toBe(compiler.compile(definition));
    expect(compiler.compile({ ...definition, version: 2 })).not.toBe(compiler.compile(definition));
  });

  it.each([
    { validationRegex: "b+" },
    { allowedValues: ["b"] },
    { valueType: "number" },
    { enabled: false },
    { suggestionState: "rejected" },
  ] as const)("does not mistake %j for the rules it knows under the same version", (over) => {
    const compiler = new DefinitionCompiler();
    const definition = fieldDefinition({ validationRegex: "a+", allowedValues: ["a"] });
    compiler.compile(definition);
    expect(compiler.compile({ ...definition, ...over }).definition).toMatchObject(over);
  });

  it("passes the default region on", () => {
    const definition = fieldDefinition({ valueType: "phone" });
    const value = (compiler: DefinitionCompiler) =>
      validateValue(compiler.compile(definition), "020 7946 0958", "strict").value;
    expect(value(new DefinitionCompiler({ defaultRegion: "GB" }))).toBe("+442079460958");
    expect(value(new DefinitionCompiler())).toBe("02079460958");
  });
});
