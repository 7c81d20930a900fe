import { VaultError } from "../errors.ts";
import type { JsonValue } from "../json.ts";

/**
 * The one text that a JSON value has (RFC 8785): no white space, members sorted by UTF-16 code units, numbers and
 * strings as ECMAScript writes them. Equal values have equal texts and different values have different ones.
 * Members that are undefined are left out, as `JSON.stringify` does.
 *
 * Takes what `storabilityProblem` accepts. Throws `invalid_value` for anything else that JSON cannot write.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return canonicalScalar(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(",")}}`;
}

function canonicalScalar(value: null | boolean | number): string {
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return JSON.stringify(value);
  throw new VaultError("invalid_value", "The value has no canonical JSON text.");
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
