import { textProblem } from "../../json.ts";
import { textSizeProblem } from "../storable-json.ts";
import { type Coercion, coerced, formatError, typeError } from "./coercion.ts";

/** Text as it is. */
export function coerceString(value: unknown): Coercion {
  if (typeof value !== "string") return typeError("Must be text.");
  const problem = textSizeProblem(value) ?? textProblem(value);
  return problem === undefined ? coerced(value) : formatError(`The value cannot be stored: ${problem}.`);
}
