import { VaultError } from "../errors.ts";

export const PAGE_LIMIT_DEFAULT = 20;
export const PAGE_LIMIT_MAX = 100;

export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; `null` on the last page. */
  readonly nextCursor: string | null;
}

/**
 * A cursor is the sort key of the last row seen, bound to the list it came from: keyset paging neither
 * repeats nor skips rows that stand still while others come and go.
 *
 * @param list names the list and its filters, so that a cursor cannot be used on another one
 */
export function encodeCursor(list: string, key: readonly string[]): string {
  return Buffer.from(JSON.stringify([list, ...key])).toString("base64url");
}

/** @throws `invalid_cursor` when the text is no cursor of this list with `length` key parts */
export function decodeCursor(list: string, cursor: string, length: number): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(parts) && parts.length === length + 1 && parts[0] === list && parts.every(isText)) {
      return parts.slice(1);
    }
  } catch {
    // Not JSON: reported below like any other foreign text.
  }
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}

function isText(part: unknown): part is string {
  return typeof part === "string" && !part.includes("\u0000");
}

/** Cuts a result of up to `limit + 1` rows into a page. */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.length > limit ? rows.slice(0, limit) : rows;
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
