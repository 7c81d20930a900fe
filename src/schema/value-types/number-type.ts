import { type Coercion, coerced, formatError, typeError } from "./coercion.ts";

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+))?$/;
const NUMBER_TEXT_LENGTH_MAX = 400;
/* Every decimal of up to this many significant digits survives the way through a double. */
const SIGNIFICANT_DIGITS_MAX = 15;

/**
 * A finite number, or its decimal text. Booleans are no numbers. A text that would come back as another number is
 * refused: integers beyond 2^53, and magnitudes a double cannot hold.
 */
export function coerceNumber(value: unknown): Coercion {
  if (typeof value === "number") return Number.isFinite(value) ? coerced(plusZero(value)) : NOT_FINITE;
  if (typeof value !== "string") return typeError("Must be a number.");
  const text = value.trim();
  const match = text.length > NUMBER_TEXT_LENGTH_MAX ? null : DECIMAL.exec(text);
  if (!match) return formatError("Must be a number or its decimal text.");
  const number = Number(text);
  if (!Number.isFinite(number)) return NOT_FINITE;
  return keepsItsMagnitude(number, text, match[1] !== undefined) ? coerced(plusZero(number)) : NOT_EXACT;
}

function keepsItsMagnitude(number: number, text: string, hasExponent: boolean): boolean {
  if (number === 0) return significantDigits(text) === 0;
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return true;
  return hasExponent && significantDigits(text) <= SIGNIFICANT_DIGITS_MAX;
}

function significantDigits(text: string): number {
  const mantissa = text.replace(/[eE].*$/, "").replaceAll(/[^0-9]/g, "");
  return mantissa.replace(/^0+/, "").replace(/0+$/, "").length;
}

/** JSON has no negative zero that every reader keeps. */
function plusZero(number: number): number {
  return number === 0 ? 0 : number;
}

const NOT_FINITE = formatError("Must be a finite number that a double can hold.");
const NOT_EXACT = formatError(
  "Would come back as another number: integers in text must lie within plus or minus 2^53.",
);
