import { VaultError } from "../../errors.ts";
import { type JsonValue, storabilityProblem } from "../../json.ts";

/** The JSON of a value that is to be stored. @throws `invalid_value` for what is no storable JSON */
export function cacheTextOf(value: JsonValue): string {
  const problem = storabilityProblem(value);
  if (problem) throw new VaultError("invalid_value", `The value cannot be cached: it is ${problem}.`);
  return JSON.stringify(value);
}

/** A copy that nobody can change, of the JSON of a value. */
export function frozenValue<T extends JsonValue>(text: string): T {
  return deepFreeze(JSON.parse(text) as T);
}

/** Freezes the value itself with all it holds; what is frozen already holds nothing else. */
export function deepFreeze<T extends JsonValue>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}

/** About how long the JSON of a value is, without writing it. */
export function charactersOf(value: JsonValue): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return SCALAR_CHARACTERS;
  let sum = 2;
  for (const [name, member] of Object.entries(value)) sum += name.length + 4 + charactersOf(member);
  return sum;
}

const SCALAR_CHARACTERS = 8;
