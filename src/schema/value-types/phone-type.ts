import { parsePhoneNumberFromString } from "libphonenumber-js";
import { type Coercion, type CoercionOptions, coerced, formatError, typeError } from "./coercion.ts";

const PHONE_DIGITS_MIN = 7;
/** ITU-T E.164, section 6.1. */
const PHONE_DIGITS_MAX = 15;

const PHONE = /^\(?\+?[0-9 ().-]+$/;
const PHONE_TEXT_LENGTH_MAX = 64;

/**
 * Numbers that start with `+` or `00` become E.164 (`+44 (0)20 7946 0958` is `+442079460958`), and so do national
 * ones when a default region is known. National numbers of an unknown region keep their digits and nothing else.
 *
 * The country code must be one that is assigned. The length a country gives its numbers is not checked: numbering
 * plans change more often than any list of them is updated.
 */
export function coercePhone(value: unknown, options: CoercionOptions = {}): Coercion {
  if (typeof value !== "string") return typeError("Must be text.");
  const text = value.trim();
  if (text.length > PHONE_TEXT_LENGTH_MAX || !PHONE.test(text)) return NOT_A_NUMBER;
  const digits = text.replaceAll(NOT_DIGITS, "");
  if (text.includes("+")) return coerceInternational(digits);
  if (digits.startsWith("00")) return coerceInternational(digits.slice(2));
  return coerceNational(digits, options);
}

const NOT_DIGITS = /[^0-9]+/g;

function coerceInternational(digits: string): Coercion {
  if (!hasPhoneLength(digits)) return NOT_A_NUMBER;
  const canonical = e164(`+${digits}`);
  if (canonical === undefined) return formatError("Must start with a country code that is assigned.");
  return hasPhoneLength(canonical.slice(1)) ? coerced(canonical) : NOT_A_NUMBER;
}

function coerceNational(digits: string, { defaultRegion }: CoercionOptions): Coercion {
  if (!hasPhoneLength(digits)) return NOT_A_NUMBER;
  const number = defaultRegion && parsePhoneNumberFromString(digits, defaultRegion)?.number;
  if (!number) return coerced(digits);
  const canonical = e164(number);
  return canonical !== undefined && hasPhoneLength(canonical.slice(1)) ? coerced(canonical) : coerced(digits);
}

/**
 * Parsing drops a trunk prefix that was written after the country code. What it leaves may look like another
 * one, so it is repeated until the number stands still.
 */
function e164(number: string): string | undefined {
  let current = number;
  for (let round = 0; round < PHONE_DIGITS_MAX; round++) {
    const next = parsePhoneNumberFromString(current)?.number;
    if (next === undefined || next === current) return next;
    current = next;
  }
  return undefined;
}

function hasPhoneLength(digits: string): boolean {
  return digits.length >= PHONE_DIGITS_MIN && digits.length <= PHONE_DIGITS_MAX;
}

const NOT_A_NUMBER = formatError(
  `Must be a phone number of ${PHONE_DIGITS_MIN} to ${PHONE_DIGITS_MAX} digits; spaces, hyphens, dots, parentheses and a leading plus are ignored.`,
);
