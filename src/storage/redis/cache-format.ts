import type { JsonValue } from "../../json.ts";

/*
 * An entry is its JSON behind a tag of the format: `s1:` and the JSON, or `s1t`, five digits, that many characters of a
 * JSON array of tags, and the JSON. The tags are in ASCII, so that characters are bytes for the scripts that read them.
 */
const PLAIN = "s1:";
const TAGGED = "s1t";
const LENGTH_DIGITS = 5;
const TAGGED_START = TAGGED.length + LENGTH_DIGITS;

export function encodeEntry(json: string, tags: readonly string[]): string {
  if (tags.length === 0) return PLAIN + json;
  const list = asciiJson(tags);
  return TAGGED + String(list.length).padStart(LENGTH_DIGITS, "0") + list + json;
}

/** The value of an entry, freshly made, or `undefined` for a text that is none. */
export function decodeEntry(entry: string): { readonly value: JsonValue } | undefined {
  const json = jsonOf(entry);
  if (json === undefined) return undefined;
  try {
    return { value: JSON.parse(json) as JsonValue };
  } catch {
    return undefined;
  }
}

function jsonOf(entry: string): string | undefined {
  if (entry.startsWith(PLAIN)) return entry.slice(PLAIN.length);
  if (!entry.startsWith(TAGGED)) return undefined;
  const length = Number(entry.slice(TAGGED.length, TAGGED_START));
  return Number.isInteger(length) ? entry.slice(TAGGED_START + length) : undefined;
}

function asciiJson(tags: readonly string[]): string {
  return JSON.stringify(tags).replace(NOT_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const NOT_ASCII = /[\u0080-\uffff]/g;
