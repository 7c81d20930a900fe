import { encodeCursor } from "../../src/storage/page.ts";
import { MARKER } from "./broken-bodies.ts";

/* What no id, name, query or cursor may be. */

export const BAD_IDS = [
  MARKER,
  "1",
  "01a1fd19-d6f0-7000-abde-c75bc5c3225",
  "01a1fd19d6f07000abdec75bc5c32257",
  "'; --",
  "\u0000",
];
const BAD_NAMES = ["City", "9lives", "a-b", "a b", "", "x".repeat(51), "__proto__", "ciudad_ñ", "a\u0000"].filter(
  Boolean,
);

const BAD_NUMBERS = [MARKER, "-1", "01", "1.0", "1e3", "0x1", "9223372036854775808", "\u0661"];
const BAD_HASHES = [MARKER, "1", "A".repeat(64), "a".repeat(63), "a".repeat(65), "\u0000"];

/** Where a path takes another thing than an id. */
export const BAD_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  name: BAD_NAMES,
  height: BAD_NUMBERS,
  transactionId: BAD_HASHES,
};

const BAD_FLAGS = [MARKER, "", "TRUE", "1"];
const BAD_CHOICES = [MARKER, "", "ACTIVE"];
const BAD_INSTANTS = ["yesterday", "2026-02-30T00:00:00Z", "2026-03-03", MARKER];
const BAD_VALUES: Readonly<Record<string, readonly string[]>> = {
  limit: ["0", "101", "abc", "-1", "1.5", "", "1e99", "Infinity", " "],
  agentId: BAD_IDS,
  customerId: BAD_IDS,
  scenarioId: BAD_IDS,
  stepId: BAD_IDS,
  hard: BAD_FLAGS,
  history: BAD_FLAGS,
  transitive: BAD_FLAGS,
  bytes: BAD_FLAGS,
  disclose: BAD_CHOICES,
  subject: BAD_HASHES,
  type: [MARKER, "", "Event", "x".repeat(65)],
  includeDisabled: BAD_FLAGS,
  status: BAD_CHOICES,
  level: BAD_CHOICES,
  scope: BAD_CHOICES,
  channel: BAD_CHOICES,
  eventType: BAD_CHOICES,
  knownAt: BAD_INSTANTS,
  from: BAD_INSTANTS,
  to: BAD_INSTANTS,
};

/** Each with the member and the value that is wrong. */
export function badQueries(members: readonly string[]): [string, string][] {
  const cases = members.flatMap((member) =>
    ["\u0000", "x".repeat(3_000), ...(BAD_VALUES[member] ?? [])].map((value): [string, string] => [member, value]),
  );
  return [["unknown_member", MARKER], ...cases];
}

/**
 * A cursor of the list whose key parts were exchanged for others.
 * @param isText any text is a place in the list
 */
export function forgedCursors(cursor: string, isText: boolean): string[] {
  const parts = JSON.parse(Buffer.from(cursor, "base64url").toString()) as string[];
  const [list = "", ...key] = parts;
  const bad = isText ? ["\u0000"] : [MARKER, "", "\u0000", "'"];
  return [
    encodeCursor(list, key.slice(1)),
    encodeCursor(list, [...key, "1"]),
    ...key.flatMap((_, index) => bad.map((part) => encodeCursor(list, key.with(index, part)))),
  ];
}
