import type { Instant } from "../../clock.ts";

/**
 * `2026-03-03T09:30:00.5+00:00`, as PostgreSQL writes an instant in JSON, to `2026-03-03T09:30:00.500Z`.
 * Connections run in UTC and columns keep three decimals, so only trailing zeros can be missing.
 */
export function instantFromJson(text: string): Instant {
  const bare = text.slice(0, -6);
  if (bare.length === 23) return `${bare}Z` as Instant;
  return (bare.length === 19 ? `${bare}.000Z` : `${bare.padEnd(23, "0")}Z`) as Instant;
}

export function optionalInstantFromJson(text: string | null): Instant | null {
  return text === null ? null : instantFromJson(text);
}
