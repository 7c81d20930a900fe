import type { JsonValue } from "../../json.ts";
import type { FieldValueType } from "../field-definition.ts";
import { coerceBoolean } from "./boolean-type.ts";
import type { Coerce } from "./coercion.ts";
import { coerceDate } from "./date-type.ts";
import { coerceEmail } from "./email-type.ts";
import { coerceJson } from "./json-type.ts";
import { coerceNumber } from "./number-type.ts";
import { coercePhone } from "./phone-type.ts";
import { coerceString } from "./string-type.ts";

interface ValueType {
  readonly coerce: Coerce;
  /** How the canonical form is kept, which decides whether a pattern or a list of allowed texts can apply. */
  readonly canonicalForm: "text" | "scalar" | "container";
}

export const VALUE_TYPES: Readonly<Record<FieldValueType, ValueType>> = {
  string: { coerce: coerceString, canonicalForm: "text" },
  email: { coerce: coerceEmail, canonicalForm: "text" },
  phone: { coerce: coercePhone, canonicalForm: "text" },
  date: { coerce: coerceDate, canonicalForm: "text" },
  number: { coerce: coerceNumber, canonicalForm: "scalar" },
  boolean: { coerce: coerceBoolean, canonicalForm: "scalar" },
  json: { coerce: coerceJson, canonicalForm: "container" },
};

/** The type of a value that no definition speaks of. `null` is `json`. */
export function inferValueType(value: JsonValue): FieldValueType {
  switch (typeof value) {
    case "string":
      return "string";
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    default:
      return "json";
  }
}
