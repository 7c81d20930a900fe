import { type ErrorItem, VaultError } from "../../errors.ts";
import { storabilityProblem, textProblem } from "../../json.ts";
import {
  FILTER_DEPTH_MAX,
  FILTER_SIZE_MAX,
  FILTER_TEXT_LENGTH_MAX,
  type Filter,
  type FilterPath,
  ORDER_KEYS_MAX,
  type OrderKey,
} from "../filter.ts";

const PATH_NAMES_MAX = 16;
const NAME_LENGTH_MAX = 128;
const FORBIDDEN_IN_NAME = /[.$]/;

/**
 * Checks a filter that may have come from anywhere. An engine compiles no other.
 *
 * @throws `invalid_filter` with the first problem and its JSON Pointer
 */
export function validateFilter(filter: Filter): void {
  const walk: Walk = { size: 0 };
  checkFilter(filter, { at: "", depth: 0, insideElement: false }, walk);
}

/** @throws `invalid_filter` for too many sort keys, a bad path or an unknown direction */
export function validateOrder(orderBy: readonly OrderKey[]): void {
  if (!Array.isArray(orderBy)) throw invalid("", "is no list of sort keys");
  if (orderBy.length > ORDER_KEYS_MAX) throw invalid("", `has more than ${ORDER_KEYS_MAX} sort keys`);
  orderBy.forEach((key: Partial<OrderKey> | null, index) => {
    const problem = pathProblem(key?.path, false);
    if (problem) throw invalid(`/${index}/path`, problem);
    const direction = key?.direction ?? "ascending";
    if (direction !== "ascending" && direction !== "descending") {
      throw invalid(`/${index}/direction`, "is neither ascending nor descending");
    }
  });
}

/** Whether a valid filter holds for every document, whatever is in it: `and` of nothing, say. */
export function saysNothing(filter: Filter): boolean {
  return constantOf(filter) === true;
}

/** What the filter answers for every document, when it does not depend on the document. */
function constantOf(filter: Filter): boolean | undefined {
  switch (filter.op) {
    case "in":
    case "nin":
      return filter.values.length > 0 ? undefined : filter.op === "nin";
    case "not":
      return negated(constantOf(filter.filter));
    case "and":
    case "or":
      return constantOfAll(filter.filters, filter.op === "or");
    case "elemMatch":
      return constantOf(filter.filter) === false ? false : undefined;
    default:
      return undefined;
  }
}

function negated(constant: boolean | undefined): boolean | undefined {
  return constant === undefined ? undefined : !constant;
}

/** @param decisive what one part has to be to decide for all: true in `or`, false in `and` */
function constantOfAll(filters: readonly Filter[], decisive: boolean): boolean | undefined {
  const parts = filters.map(constantOf);
  if (parts.includes(decisive)) return decisive;
  return parts.every((part) => part !== undefined) ? !decisive : undefined;
}

interface Place {
  readonly at: string;
  readonly depth: number;
  readonly insideElement: boolean;
}

interface Walk {
  size: number;
}

/** What may stand where a filter should. */
interface AnyFilter {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly value?: unknown;
  readonly values?: unknown;
  readonly filter?: unknown;
  readonly filters?: unknown;
}

function checkFilter(candidate: unknown, place: Place, walk: Walk): void {
  if (typeof candidate !== "object" || candidate === null) throw invalid(place.at, "is no filter");
  const filter = candidate as AnyFilter;
  if (isNesting(filter.op)) {
    checkNesting(filter, place, walk);
    return;
  }
  count(walk, 1, place);
  checkPath(filter.path, place);
  checkOperand(filter, place, walk);
}

function isNesting(op: unknown): boolean {
  return op === "and" || op === "or" || op === "not" || op === "elemMatch";
}

function checkNesting(filter: AnyFilter, place: Place, walk: Walk): void {
  const depth = place.depth + 1;
  if (depth > FILTER_DEPTH_MAX) throw invalid(place.at, `is nested deeper than ${FILTER_DEPTH_MAX} levels`);
  if (filter.op === "and" || filter.op === "or") {
    const { filters } = filter;
    if (!Array.isArray(filters)) throw invalid(`${place.at}/filters`, "is no list of filters");
    if (filters.length === 0) count(walk, 1, place);
    filters.forEach((inner: unknown, index) =>
      checkFilter(inner, { ...place, at: `${place.at}/filters/${index}`, depth }, walk),
    );
    return;
  }
  const isElement = filter.op === "elemMatch";
  if (isElement) {
    count(walk, 1, place);
    checkPath(filter.path, place);
  }
  const insideElement = place.insideElement || isElement;
  checkFilter(filter.filter, { at: `${place.at}/filter`, depth, insideElement }, walk);
}

function checkOperand(filter: AnyFilter, place: Place, walk: Walk): void {
  const operand = typeof filter.op === "string" && Object.hasOwn(OPERANDS, filter.op) ? OPERANDS[filter.op] : undefined;
  switch (operand) {
    case undefined:
      throw invalid(`${place.at}/op`, "is no operator");
    case "none":
      break;
    case "list":
      checkValues(filter.values, place, walk);
      break;
    default:
      if (!isOperand(operand, filter.value)) throw invalid(`${place.at}/value`, `is no ${operand}`);
      if (operand === "text" && isTooLong(filter.value)) {
        throw invalid(`${place.at}/value`, `is longer than ${FILTER_TEXT_LENGTH_MAX} characters`);
      }
      checkValue(filter.value, `${place.at}/value`);
  }
}

type Operand = "value" | "scalar" | "text" | "list" | "none";

/** What an operator compares with. */
const OPERANDS: Readonly<Record<string, Operand>> = {
  eq: "value",
  ne: "value",
  lt: "scalar",
  lte: "scalar",
  gt: "scalar",
  gte: "scalar",
  in: "list",
  nin: "list",
  prefix: "text",
  contains: "text",
  exists: "none",
};

function isOperand(operand: "value" | "scalar" | "text", value: unknown): boolean {
  if (operand === "value") return true;
  return (
    typeof value === "string" || (operand === "scalar" && (typeof value === "number" || typeof value === "boolean"))
  );
}

function isTooLong(text: unknown): boolean {
  return (text as string).length > FILTER_TEXT_LENGTH_MAX;
}

function checkValues(values: unknown, place: Place, walk: Walk): void {
  if (!Array.isArray(values)) throw invalid(`${place.at}/values`, "is no list of values");
  count(walk, Math.max(values.length - 1, 0), place);
  values.forEach((value, index) => checkValue(value, `${place.at}/values/${index}`));
}

function checkValue(value: unknown, at: string): void {
  const problem = storabilityProblem(value);
  if (problem) throw invalid(at, `is ${problem}`.replace(/^is holds/, "holds"));
}

function checkPath(path: unknown, place: Place): void {
  const problem = pathProblem(path, place.insideElement);
  if (problem) throw invalid(`${place.at}/path`, problem);
}

function pathProblem(path: unknown, mayBeEmpty: boolean): string | undefined {
  if (!Array.isArray(path)) return "is no list of names";
  if (path.length > PATH_NAMES_MAX) return `has more than ${PATH_NAMES_MAX} names`;
  if (path.length === 0 && !mayBeEmpty) return "is empty, which only conditions of an element may be";
  return (path as FilterPath).every(isName) ? undefined : "holds a text that is no name";
}

function isName(name: unknown): boolean {
  if (typeof name !== "string" || name.length === 0 || name.length > NAME_LENGTH_MAX) return false;
  return !FORBIDDEN_IN_NAME.test(name) && textProblem(name) === undefined;
}

function count(walk: Walk, conditions: number, place: Place): void {
  walk.size += conditions;
  if (walk.size > FILTER_SIZE_MAX) throw invalid(place.at, `is one condition of more than ${FILTER_SIZE_MAX}`);
}

function invalid(path: string, problem: string): VaultError {
  const item: ErrorItem = { path, code: "invalid_filter", message: `This ${problem}.` };
  return new VaultError("invalid_filter", `The filter or order is invalid at "${path}": it ${problem}.`, {
    errors: [item],
  });
}
