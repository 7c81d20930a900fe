import type { JsonValue } from "../json.ts";

/**
 * The way to a member from the top of a document, one name per level: `["address", "city"]`. It passes through
 * objects only. An array stands for itself, and its elements are reached with `elemMatch`; a path that meets an array,
 * a scalar or `null` before its end leads to nothing, as one to an absent member does. Names are 1 to 128 characters
 * of well-formed text without `.`, `$` and NUL; at most 16 of them. `[]` is the value itself, within `elemMatch` only.
 */
export type FilterPath = readonly string[];

/** A scalar that has an order: texts by code point, numbers by value, `false` before `true`. */
export type OrderedScalar = string | number | boolean;

/**
 * Which documents are meant, as data that every engine compiles. Answers are the same on all of them:
 *
 * - Two values are equal when they are the same JSON: `1` and `1.0` are, `1` and `"1"` are not; members have no order,
 *   elements do.
 * - `null` is a value. An absent member equals nothing, is `ne` to everything, and is in no list.
 * - `lt`, `lte`, `gt` and `gte` hold between values of one type only. Between others all four are false.
 * - `prefix` and `contains` compare texts by code point, with case, and without any wildcard. Of anything but a text
 *   they are false. The empty text is in every text.
 * - `elemMatch` holds when the path leads to an array with at least one element that `filter` holds for; the
 *   paths of `filter` begin at the element.
 * - `and` of nothing holds, `or` of nothing and `in` nothing do not. There is no third truth value: `not` of false is
 *   true.
 */
export type Filter =
  | { readonly op: "eq" | "ne"; readonly path: FilterPath; readonly value: JsonValue }
  | { readonly op: "lt" | "lte" | "gt" | "gte"; readonly path: FilterPath; readonly value: OrderedScalar }
  | { readonly op: "in" | "nin"; readonly path: FilterPath; readonly values: readonly JsonValue[] }
  | { readonly op: "exists"; readonly path: FilterPath }
  | { readonly op: "prefix" | "contains"; readonly path: FilterPath; readonly value: string }
  | { readonly op: "elemMatch"; readonly path: FilterPath; readonly filter: Filter }
  | { readonly op: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly op: "not"; readonly filter: Filter };

/** Characters of the text that `prefix` and `contains` look for, at most. */
export const FILTER_TEXT_LENGTH_MAX = 4_096;
/** Levels of `and`, `or`, `not` and `elemMatch` within one another, at most. */
export const FILTER_DEPTH_MAX = 16;
/** Conditions of one filter at most, `elemMatch` and empty lists too, the values of `in` and `nin` one by one. */
export const FILTER_SIZE_MAX = 1_000;

/**
 * One sort key. Ascending order: absent and `null` (which are equal), then numbers by value, texts by code point,
 * objects and arrays (which are all equal), `false`, `true`. Descending is its mirror. Ties are broken by id,
 * ascending, always.
 */
export interface OrderKey {
  readonly path: FilterPath;
  readonly direction?: "ascending" | "descending" | undefined;
}

/** Sort keys of one query, at most. */
export const ORDER_KEYS_MAX = 4;
