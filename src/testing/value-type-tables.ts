import { inspect } from "node:util";
import { expect, it } from "vitest";
import type { JsonValue } from "../json.ts";
import type { FieldValueType } from "../schema/field-definition.ts";
import { VALUE_TYPES } from "../schema/value-types/value-types.ts";

/* Tables of values that a type takes or refuses, each row a test. */

export function coerce(type: FieldValueType, value: unknown) {
  return VALUE_TYPES[type].coerce(value, {});
}

/** @param rows given values with their canonical forms */
export function accepts(type: FieldValueType, rows: readonly (readonly [unknown, JsonValue])[]): void {
  it.each(rows.map((row) => [shown(row[0]), ...row] as const))("takes %s", (_title, given, canonical) => {
    expect(coerce(type, given)).toEqual({ ok: true, value: canonical });
  });
}

export function refuses(
  type: FieldValueType,
  errorType: "type_error" | "format_error",
  values: readonly unknown[],
): void {
  it.each(values.map((value) => [shown(value), value] as const))(`answers ${errorType} to %s`, (_title, given) => {
    expect(coerce(type, given)).toMatchObject({ ok: false, errorType });
  });
}

function shown(value: unknown): string {
  return inspect(value, { maxStringLength: 40, maxArrayLength: 3, breakLength: Number.POSITIVE_INFINITY });
}
