import { VaultError } from "../errors.ts";
import { type JsonValue, textProblem } from "../json.ts";
import { utf8 } from "./byte-text.ts";
import { canonicalJson, isCanonicalJson } from "./canonical-json.ts";

/**
 * What a record of the register is made of: JSON without `null` (what is not there is absent) and without numbers that
 * are no safe integers (larger ones are decimal texts), so that every reader in every language reads the same.
 */
export type ProtocolValue = string | number | boolean | readonly ProtocolValue[] | ProtocolRecord;
export interface ProtocolRecord {
  readonly [member: string]: ProtocolValue;
}

export const RECORD_DEPTH_MAX = 16;
export const RECORD_BYTES_MAX = 2 ** 20;

/**
 * The bytes of a record: its canonical JSON (RFC 8785) in UTF-8. Members that are undefined are absent.
 *
 * @throws `invalid_value` for what is no record, `limit_exceeded` beyond `RECORD_BYTES_MAX`
 */
export function encodeRecord(record: ProtocolRecord): Uint8Array {
  const problem = recordProblem(record);
  if (problem !== undefined) throw new VaultError("invalid_value", `The record cannot be written: ${problem}.`);
  const bytes = utf8(canonicalJson(record));
  if (bytes.length <= RECORD_BYTES_MAX) return bytes;
  throw new VaultError("limit_exceeded", "The record is too long.", {
    details: { limit: RECORD_BYTES_MAX, found: bytes.length },
  });
}

/** What `encodeRecord` writes of a value that may come from an enemy; `undefined` where that throws. */
export function recordBytes(value: unknown): Uint8Array | undefined {
  if (recordProblem(value) !== undefined) return undefined;
  const bytes = utf8(canonicalJson(value as JsonValue));
  return bytes.length <= RECORD_BYTES_MAX ? bytes : undefined;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that these bytes are, with nothing put right; `undefined` when they are no UTF-8. */
export function textOfRecord(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The record that these bytes are, if they are what `encodeRecord` writes of it; else `undefined`. Bytes that say the
 * same in another way, with a space, a member twice or a number with an exponent, are no record: nothing is put right,
 * or two readers could see two records in one signature.
 */
export function decodeRecord(bytes: Uint8Array): ProtocolRecord | undefined {
  const text = bytes.length <= RECORD_BYTES_MAX ? textOfRecord(bytes) : undefined;
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (recordProblem(value) !== undefined) return undefined;
    return isCanonicalJson(text, value as JsonValue) ? (value as ProtocolRecord) : undefined;
  } catch {
    // No JSON, or nested too deeply to be read at all.
    return undefined;
  }
}

/** Why a value is no record, or `undefined` when it is one. */
function recordProblem(value: unknown): string | undefined {
  return isPlainObject(value) ? problemOf(value, 0) : "it is no object";
}

function problemOf(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case "string":
      return textProblem(value);
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? undefined : "a number is no safe integer";
    case "boolean":
      return undefined;
    default:
      return containerProblem(value, depth);
  }
}

function containerProblem(value: unknown, depth: number): string | undefined {
  if (depth > RECORD_DEPTH_MAX) return `it is nested deeper than ${RECORD_DEPTH_MAX} levels`;
  if (Array.isArray(value)) return firstProblem(value, depth);
  if (!isPlainObject(value)) return "it holds what is no text, integer, boolean, list or object";
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member === undefined) continue;
    if (name === "__proto__") return "it has a reserved name";
    const problem = textProblem(name) ?? problemOf(member, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function firstProblem(values: readonly unknown[], depth: number): string | undefined {
  for (const value of values) {
    const problem = problemOf(value, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
