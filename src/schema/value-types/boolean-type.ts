import { type Coercion, coerced, typeError } from "./coercion.ts";

const BOOLEAN_TEXTS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["0", false],
]);
const BOOLEAN_TEXT_LENGTH_MAX = 20;

/** `true` and `false`, or one of the texts true, false, yes, no, 1, 0 in any case. Numbers are no booleans. */
export function coerceBoolean(value: unknown): Coercion {
  if (typeof value === "boolean") return coerced(value);
  if (typeof value !== "string" || value.length > BOOLEAN_TEXT_LENGTH_MAX) return NOT_A_BOOLEAN;
  const boolean = BOOLEAN_TEXTS.get(value.trim().toLowerCase());
  return boolean === undefined ? NOT_A_BOOLEAN : coerced(boolean);
}

const NOT_A_BOOLEAN = typeError("Must be true or false, or one of the texts true, false, yes, no, 1, 0.");
