import type { JsonValue } from "../json.ts";

/**
 * The canonical text of a JSON value: RFC 8785 (JCS). Members sorted by UTF-16 code units, numbers as ECMAScript
 * writes them, no white space. The value must be storable JSON (`storabilityProblem`), so it is I-JSON too.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as JsonValue)}`);
  return `{${members.join(",")}}`;
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
