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

/** Whether a text is the canonical one of the value that `JSON.parse` made of it, told in a third of the time. */
export function isCanonicalJson(text: string, parsed: JsonValue): boolean {
  // Where the members of every object stand sorted, what the engine writes is the canonical text.
  return (areMembersSorted(parsed) ? JSON.stringify(parsed) : canonicalJson(parsed)) === text;
}

function areMembersSorted(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (isArray(value)) return value.every(areMembersSorted);
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    if ((before !== undefined && key <= before) || !areMembersSorted(value[key] as JsonValue)) return false;
    before = key;
  }
  return true;
}

function canonicalScalar(value: null | boolean | number): string {
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return JSON.stringify(value);
  throw new VaultError("invalid_value", "The value has no canonical JSON text.");
}

function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
