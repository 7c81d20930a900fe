import { compareText } from "../../text-order.ts";
import type { OrderKey } from "../filter.ts";
import { compareNumbers, isNumeric, valueAt } from "./evaluate-filter.ts";

/** The classes of values in ascending order; see `OrderKey`. */
export const SORT_CLASSES = ["nothing", "number", "text", "container", "false", "true"] as const;
export type SortClass = (typeof SORT_CLASSES)[number];

/** Where a value stands among others. Positions of one class are equal, but for numbers and texts. */
export type SortPosition =
  | { readonly class: "number"; readonly value: number | bigint }
  | { readonly class: "text"; readonly value: string }
  | { readonly class: Exclude<SortClass, "number" | "text"> };

/** Ascending. */
export function sortPosition(value: unknown): SortPosition {
  if (value === undefined || value === null) return NOTHING;
  if (isNumeric(value)) return { class: "number", value };
  if (typeof value === "string") return { class: "text", value };
  if (typeof value === "boolean") return value ? TRUE : FALSE;
  return CONTAINER;
}

const NOTHING: SortPosition = { class: "nothing" };
const CONTAINER: SortPosition = { class: "container" };
const FALSE: SortPosition = { class: "false" };
const TRUE: SortPosition = { class: "true" };

export function comparePositions(left: SortPosition, right: SortPosition): number {
  if (left.class === "number" && right.class === "number") return compareNumbers(left.value, right.value);
  if (left.class === "text" && right.class === "text") return compareText(left.value, right.value);
  return SORT_CLASSES.indexOf(left.class) - SORT_CLASSES.indexOf(right.class);
}

/** What is sorted: its place by each sort key, and its id, which breaks ties. */
export interface SortKeys {
  readonly positions: readonly SortPosition[];
  readonly id: string;
}

export function sortKeysOf(value: { readonly id: string }, orderBy: readonly OrderKey[]): SortKeys {
  return { positions: orderBy.map(({ path }) => sortPosition(valueAt(value, path))), id: value.id };
}

/** Compares what was sorted by `orderBy`: by each key in its direction, then by id, ascending. */
export function compareSortKeys(orderBy: readonly OrderKey[]): (left: SortKeys, right: SortKeys) => number {
  const signs = orderBy.map(({ direction }) => (direction === "descending" ? -1 : 1));
  return (left, right) => {
    for (const [index, sign] of signs.entries()) {
      const order = comparePositions(left.positions[index] ?? NOTHING, right.positions[index] ?? NOTHING);
      if (order !== 0) return order * sign;
    }
    return compareText(left.id, right.id);
  };
}

/** The order of records and documents that a query asks for. */
export function compareBy(
  orderBy: readonly OrderKey[],
): (left: { readonly id: string }, right: { readonly id: string }) => number {
  const compare = compareSortKeys(orderBy);
  return (left, right) => compare(sortKeysOf(left, orderBy), sortKeysOf(right, orderBy));
}
