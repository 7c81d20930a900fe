import { storableJson, VALUE_BYTES_MAX } from "../storable-json.ts";
import { type Coercion, coerced, formatError, typeError } from "./coercion.ts";

/** An object or array, copied, or text that parses to one. Of repeated members the last one counts. */
export function coerceJson(value: unknown): Coercion {
  if (typeof value === "string") return coerceJsonText(value);
  if (typeof value !== "object" || value === null) return NOT_A_CONTAINER;
  return coerceContainer(value);
}

function coerceJsonText(text: string): Coercion {
  if (text.length > VALUE_BYTES_MAX) return formatError(`The text has more than ${VALUE_BYTES_MAX} characters.`);
  const parsed = parse(text);
  return typeof parsed === "object" && parsed !== null ? coerceContainer(parsed) : NOT_PARSABLE;
}

function coerceContainer(container: object): Coercion {
  const storable = storableJson(container);
  if (storable.ok) return coerced(storable.value);
  return formatError(`The value cannot be stored: ${storable.problem}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const NOT_A_CONTAINER = typeError("Must be an object or an array, or text that parses to one.");
const NOT_PARSABLE = formatError("The text does not parse as a JSON object or array.");
