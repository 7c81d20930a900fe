import type { FieldInsert } from "./field-version.ts";

/** Characters of a text that a search compares. */
const SEARCH_TEXT_LENGTH_MAX = 100;
/** Enough of a text to hold so many characters with their combining marks. */
const CONSIDERED_UNITS_MAX = 1_000;
/** What one character becomes at most. */
const FOLDED_LENGTH_MAX = 3;

/**
 * What a text is searched by: its first 100 characters in composed form (NFC), each without case. Folding each
 * character for itself keeps a beginning the beginning of the whole, which lower case does not: a sigma at the end
 * of a word has a form of its own. It is done here because databases differ in it, down to the locale of each.
 */
export function searchTextOf(text: string): string {
  let folded = "";
  let length = 0;
  for (const character of text.slice(0, CONSIDERED_UNITS_MAX).normalize("NFC")) {
    if (++length > SEARCH_TEXT_LENGTH_MAX) break;
    folded += character.toUpperCase().toLowerCase();
  }
  return folded;
}

/** What a field is found by; `null` for one that is not text or is encrypted. Personal data is left out by its flag. */
export function searchTextOfField(field: Pick<FieldInsert, "valueType" | "value">): string | null {
  return field.valueType === "string" && typeof field.value === "string" ? searchTextOf(field.value) : null;
}

/** The last text that begins with `searchText`, in the order of bytes. */
export function lastWithPrefix(searchText: string): string {
  return searchText + "\u{10ffff}".repeat(SEARCH_TEXT_LENGTH_MAX * FOLDED_LENGTH_MAX);
}
