/**
 * An instant as RFC 3339 text in UTC with exactly three decimals (`2026-03-03T09:30:00.000Z`).
 * The fixed form makes text order equal to time order.
 */
export type Instant = string & { readonly __brand: "Instant" };

export interface Clock {
  now(): Instant;
}

/** Writing an instant costs more than reading the time, and busy callers ask many times in one millisecond. */
class SystemClock implements Clock {
  #epochMs = Number.NaN;
  #now = "" as Instant;

  now(): Instant {
    const epochMs = Date.now();
    if (epochMs !== this.#epochMs) {
      this.#now = instantOf(epochMs);
      this.#epochMs = epochMs;
    }
    return this.#now;
  }
}

export const systemClock: Clock = new SystemClock();

/** @param epochMs milliseconds since 1970-01-01T00:00:00Z, between the years 1 and 9999 */
export function instantOf(epochMs: number): Instant {
  return new Date(epochMs).toISOString() as Instant;
}

/** Canonical form of any RFC 3339 date-time in the years 1 to 9999; `undefined` when the text is not one. */
export function parseInstant(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const epochMs = Date.parse(text);
  if (Number.isNaN(epochMs) || !isCalendarDate(Number(match[1]), Number(match[2]), Number(match[3]))) return undefined;
  const canonical = new Date(epochMs).toISOString();
  return canonical.length === 24 && canonical >= "0001" ? (canonical as Instant) : undefined;
}

export function addMs(instant: Instant, ms: number): Instant {
  return instantOf(Date.parse(instant) + ms);
}

export function laterOf(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** True for a day that exists in the proleptic Gregorian calendar: 30 February does not. */
export function isCalendarDate(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
