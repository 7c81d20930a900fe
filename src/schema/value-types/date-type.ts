import { types } from "node:util";
import { instantOf, isCalendarDate, parseInstant } from "../../clock.ts";
import { type Coercion, coerced, formatError, typeError } from "./coercion.ts";

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
/* Seconds may be missing and a space may stand for the T, as in RFC 3339, section 5.6. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})?$/;
const DATE_TEXT_LENGTH_MAX = 64;

/**
 * A day stays `2026-03-03`. A date-time becomes an `Instant`; without a zone it is taken as UTC. A `Date` object
 * counts as a date-time. Days that do not exist, leap seconds and years outside 1 to 9999 are refused.
 */
export function coerceDate(value: unknown): Coercion {
  if (types.isDate(value)) return coerceDateObject(value);
  if (typeof value !== "string") return typeError("Must be text.");
  const text = value.trim();
  if (text.length > DATE_TEXT_LENGTH_MAX) return NOT_A_DATE;
  const day = DATE.exec(text);
  if (day) return isDay(Number(day[1]), Number(day[2]), Number(day[3])) ? coerced(text) : NOT_A_DATE;
  const dateTime = DATE_TIME.exec(text);
  if (!dateTime) return NOT_A_DATE;
  return coerceInstant(`${dateTime[1]}T${dateTime[2]}${dateTime[3] ?? ":00"}${dateTime[4] ?? "Z"}`);
}

function coerceDateObject(date: Date): Coercion {
  const epochMs = Date.prototype.getTime.call(date);
  return epochMs >= YEAR_1_MS && epochMs < YEAR_10000_MS ? coerced(instantOf(epochMs)) : NOT_A_DATE;
}

const YEAR_1_MS = Date.parse("0001-01-01T00:00:00.000Z");
const YEAR_10000_MS = Date.parse("9999-12-31T23:59:59.999Z") + 1;

function coerceInstant(text: string): Coercion {
  const instant = parseInstant(text);
  return instant === undefined || instant.startsWith("0000") ? NOT_A_DATE : coerced(instant);
}

function isDay(year: number, month: number, day: number): boolean {
  return year > 0 && isCalendarDate(year, month, day);
}

const NOT_A_DATE = formatError("Must be a day (YYYY-MM-DD) or a date-time (RFC 3339, zone optional) that exists.");
