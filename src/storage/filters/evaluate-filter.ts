import { compareText } from "../../text-order.ts";
import type { Filter, FilterPath } from "../filter.ts";

/**
 * Whether a valid filter holds for a value, exactly as `Filter` says: the reference that every engine is compared with.
 * A `bigint` counts as the number it is.
 */
export function matches(filter: Filter, value: unknown): boolean {
  switch (filter.op) {
    case "and":
      return filter.filters.every((part) => matches(part, value));
    case "or":
      return filter.filters.some((part) => matches(part, value));
    case "not":
      return !matches(filter.filter, value);
    case "elemMatch": {
      const list = valueAt(value, filter.path);
      return Array.isArray(list) && list.some((element: unknown) => matches(filter.filter, element));
    }
    case "exists":
      return valueAt(value, filter.path) !== undefined;
    default:
      return holds(filter, valueAt(value, filter.path));
  }
}

/** What a path leads to; `undefined` when it leads to nothing. It passes through objects only, by their own members. */
export function valueAt(value: unknown, path: FilterPath): unknown {
  let current = value;
  for (const name of path) {
    if (!isContainer(current) || Array.isArray(current)) return undefined;
    if (!Object.hasOwn(current, name)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[name];
  }
  return current;
}

/** Whether two values are the same JSON. An absent one equals nothing. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === undefined) return false;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right) === 0;
  if (!isContainer(left) || !isContainer(right)) return left === right;
  if (Array.isArray(left) || Array.isArray(right)) return equalLists(left, right);
  const members = Object.entries(left);
  if (members.length !== Object.keys(right).length) return false;
  return members.every(([name, member]) => equalJson(member, valueAt(right, [name])));
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** By value, across `number` and `bigint`; `-0` and `0` are equal. */
export function compareNumbers(left: number | bigint, right: number | bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export function isNumeric(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

type Condition = Exclude<Filter, { readonly op: "and" | "or" | "not" | "elemMatch" | "exists" }>;

function holds(condition: Condition, found: unknown): boolean {
  switch (condition.op) {
    case "eq":
      return equalJson(found, condition.value);
    case "ne":
      return !equalJson(found, condition.value);
    case "in":
      return condition.values.some((value) => equalJson(found, value));
    case "nin":
      return !condition.values.some((value) => equalJson(found, value));
    case "prefix":
      return typeof found === "string" && found.startsWith(condition.value);
    case "contains":
      return typeof found === "string" && found.includes(condition.value);
    default:
      return isInRange(condition.op, orderOf(found, condition.value));
  }
}

function isInRange(op: "lt" | "lte" | "gt" | "gte", order: number | undefined): boolean {
  if (order === undefined) return false;
  if (order === 0) return op === "lte" || op === "gte";
  return order < 0 ? op === "lt" || op === "lte" : op === "gt" || op === "gte";
}

/** `undefined` between values of different types, or of one without an order. */
function orderOf(left: unknown, right: unknown): number | undefined {
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  return undefined;
}

function equalLists(left: unknown, right: unknown): boolean {
  if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
  return left.every((element: unknown, index) => equalJson(element, right[index]));
}
