import type { CountryCode } from "libphonenumber-js";
import type { JsonValue } from "../../json.ts";

/** What a value became, or why it is not of the type. Messages never hold the value. */
export type Coercion =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly errorType: "type_error" | "format_error"; readonly message: string };

export interface CoercionOptions {
  /** ISO 3166-1 alpha-2 region that phone numbers without a country code belong to. */
  readonly defaultRegion?: CountryCode | undefined;
}

/**
 * Brings a value to the canonical form of a type. Coercing a canonical value returns it unchanged. Never throws,
 * whatever the value is. White space around the text form of a type other than `string` is ignored.
 */
export type Coerce = (value: unknown, options: CoercionOptions) => Coercion;

export function coerced(value: JsonValue): Coercion {
  return { ok: true, value };
}

export function typeError(message: string): Coercion {
  return { ok: false, errorType: "type_error", message };
}

export function formatError(message: string): Coercion {
  return { ok: false, errorType: "format_error", message };
}
