import { Metadata, parsePhoneNumberFromString } from "libphonenumber-js";
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

/** @param number `+` and digits */
function e164(number: string): string | undefined {
  const plan = planOf(number);
  if (plan === undefined) return undefined;
  const national = number.slice(plan.codeEnd);
  return national.length >= NATIONAL_DIGITS_MIN && !plan.trunkPrefix?.test(national) ? number : parsed(number);
}

/** What parsing needs to know of a country code to leave a number as it is. */
interface CallingPlan {
  readonly codeEnd: number;
  /** Matches a national number that may start with a trunk prefix. */
  readonly trunkPrefix: RegExp | undefined;
}

const CODE_DIGITS_MAX = 3;
const NATIONAL_DIGITS_MIN = 2;
/** By country code; `undefined` for a code that is not assigned. At most 1,110 entries. */
const PLANS = new Map<string, CallingPlan | undefined>();

/** The plan of the country code that the number starts with. No assigned code is the start of another one. */
function planOf(number: string): CallingPlan | undefined {
  for (let length = 1; length <= CODE_DIGITS_MAX; length++) {
    const code = number.slice(1, 1 + length);
    if (!PLANS.has(code)) PLANS.set(code, loadPlan(code));
    const plan = PLANS.get(code);
    if (plan) return plan;
  }
  return undefined;
}

/** The library's types leave out what its own parser reads. */
interface NumberingPlan {
  nationalPrefixForParsing(): string | undefined;
}

function loadPlan(code: string): CallingPlan | undefined {
  const metadata = new Metadata();
  try {
    metadata.selectNumberingPlan(code as never);
  } catch {
    return undefined;
  }
  const plan = metadata.numberingPlan as unknown as NumberingPlan | undefined;
  if (!plan) return undefined;
  const prefix = plan.nationalPrefixForParsing();
  return { codeEnd: 1 + code.length, trunkPrefix: prefix ? new RegExp(`^(?:${prefix})`) : undefined };
}

/**
 * Parsing drops a trunk prefix that was written after the country code. What it leaves may look like another
 * one, so it is repeated until the number stands still.
 */
function parsed(number: string): string | undefined {
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
