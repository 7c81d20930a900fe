import { type Instant, instantOf } from "../../clock.ts";
import { VaultError } from "../../errors.ts";
import type { Filter } from "../filter.ts";
import { validateFilter } from "../filters/validate-filter.ts";
import { type BatchOptions, WORM_RECORDS_MAX, WORM_SEQUENCE_MAX, type WormDescriptor } from "../worm-store.ts";

const KIND = /^[a-z][a-z0-9_]{0,31}$/;
const INSTANT_LENGTH = 24;
const FIRST_INSTANT = "0001";
const LOG = /^[a-z0-9_-]{1,64}$/;

/** Throws `invalid_request`. */
export function requireLogName(log: string): void {
  if (!LOG.test(log)) throw new VaultError("invalid_request", "The name of a log is 1 to 64 of a-z, 0-9, `_` and `-`.");
}

/** Throws `invalid_request`. */
export function requireKindNames(kinds: readonly Pick<WormDescriptor<unknown>, "name">[]): void {
  const names = kinds.map(({ name }) => name);
  if (names.every((name) => KIND.test(name)) && new Set(names).size === names.length) return;
  throw new VaultError(
    "invalid_request",
    "The name of a kind of records is 1 to 32 of a-z, 0-9 and `_`, begins with a letter, and is its alone.",
  );
}

/** Throws `invalid_value`: the hash covers the instant as it is written, and an engine would keep another text. */
export function requireAppendOptions({ expectedSequence, sealedAt }: BatchOptions): void {
  if (!(typeof sealedAt === "string" ? [sealedAt] : sealedAt).every(isInstant)) {
    throw new VaultError("invalid_value", "A record is sealed at an instant in UTC with three decimals.");
  }
  if (expectedSequence === undefined || isPlace(expectedSequence)) return;
  throw new VaultError("invalid_value", "The place of a record is from 0 to 2^63 - 1.");
}

/** The one text that an instant in the years 1 to 9999 has. */
function isInstant(text: Instant): boolean {
  const epochMs = text.length === INSTANT_LENGTH ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(epochMs) && text >= FIRST_INSTANT && instantOf(epochMs) === text;
}

/** Throws `invalid_request`. */
export function requireLimit(limit: number, name: string): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= WORM_RECORDS_MAX) return;
  throw new VaultError("invalid_request", `\`${name}\` is a whole number from 1 to ${WORM_RECORDS_MAX}.`);
}

/**
 * The filter as engines get it. Nothing that is indexed has elements, so conditions of elements do not hold.
 * Throws `invalid_filter`: what is indexed is flat, so a longer path leads to nothing and is a mistake.
 */
export function flatFilter(filter: Filter): Filter {
  validateFilter(filter);
  return flattened(filter);
}

const NEVER: Filter = { op: "or", filters: [] };

function flattened(filter: Filter): Filter {
  switch (filter.op) {
    case "and":
    case "or":
      return { op: filter.op, filters: filter.filters.map(flattened) };
    case "not":
      return { op: "not", filter: flattened(filter.filter) };
    default:
      if (filter.path.length !== 1) {
        throw new VaultError("invalid_filter", "A path into what is indexed of a record is one name.");
      }
      return filter.op === "elemMatch" ? NEVER : filter;
  }
}

export function isPlace(sequence: bigint): boolean {
  return sequence >= 0n && sequence <= WORM_SEQUENCE_MAX;
}

/** The part of a range that can hold records; `undefined` when there is none. */
export function placesOf(range: {
  readonly from?: bigint | undefined;
  readonly to?: bigint | undefined;
}): { readonly from: bigint; readonly to: bigint } | undefined {
  const from = range.from === undefined || range.from < 0n ? 0n : range.from;
  const to = range.to === undefined || range.to > WORM_SEQUENCE_MAX ? WORM_SEQUENCE_MAX : range.to;
  return from <= to ? { from, to } : undefined;
}
