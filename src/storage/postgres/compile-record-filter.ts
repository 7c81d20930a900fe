import type { JsonValue } from "../../json.ts";
import type { Filter } from "../filter.ts";
import type { RangeOperator, RecordColumn } from "./record-column.ts";

/** The parameters of a statement that is being written. */
export class Parameters {
  readonly values: unknown[];

  constructor(...values: unknown[]) {
    this.values = values;
  }

  /** @returns its place in the text, with its type */
  add(value: unknown, sqlType: string): string {
    this.values.push(value);
    return `$${this.values.length}::${sqlType}`;
  }
}

export interface FilterContext {
  readonly column: (property: string) => RecordColumn;
  readonly parameters: Parameters;
}

const OPERATORS: Readonly<Record<RangeOperator, string>> = { lt: "<", lte: "<=", gt: ">", gte: ">=" };

/**
 * A checked filter as a condition. A negation is carried down to the comparisons, which are the only place where
 * SQL's third truth value can arise: in what is asked for it counts as false, and a comparison that is negated is
 * written so that it cannot. Indexes serve the conditions that are not negated.
 */
export function compileFilter(filter: Filter, context: FilterContext, negated = false): string {
  switch (filter.op) {
    case "and":
    case "or": {
      const conjunctive = (filter.op === "and") !== negated;
      const parts = filter.filters.map((part) => compileFilter(part, context, negated));
      return joined(parts, conjunctive ? "and" : "or");
    }
    case "not":
      return compileFilter(filter.filter, context, !negated);
    case "exists":
      // A property of a record is always there.
      return negated ? "false" : "true";
    default:
      return compileCondition(filter, context, negated);
  }
}

export function joined(parts: readonly string[], operator: "and" | "or"): string {
  if (parts.length === 0) return operator === "and" ? "true" : "false";
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(` ${operator} `)})`;
}

type Condition = Exclude<Filter, { readonly op: "and" | "or" | "not" | "exists" }>;

function compileCondition(filter: Condition, context: FilterContext, negated: boolean): string {
  const column = context.column(filter.path[0] ?? "");
  const { parameters } = context;
  switch (filter.op) {
    case "eq":
    case "ne":
      return equality(column, { values: [filter.value], negated: negated !== (filter.op === "ne"), parameters });
    case "in":
    case "nin":
      return equality(column, { values: filter.values, negated: negated !== (filter.op === "nin"), parameters });
    case "prefix":
    case "contains":
      return partOfText(column, filter, { parameters, negated });
    case "elemMatch":
      // No property has elements that a filter could be about.
      return String(negated);
    default:
      return range(column, filter, { parameters, negated });
  }
}

interface ConditionContext {
  readonly parameters: Parameters;
  readonly negated: boolean;
}

interface Equality extends ConditionContext {
  readonly values: readonly JsonValue[];
}

function equality(column: RecordColumn, { values, negated, parameters }: Equality): string {
  const jsonNull = column.isJson && !column.nullable;
  const hasNull = column.nullable && values.includes(null);
  const found = values.filter((value) => value !== null || jsonNull).map((value) => column.equal(value));
  const known = found.filter((parameter) => parameter !== undefined);
  const parts: string[] = [];
  if (known.length > 0) {
    const operand =
      known.length === 1
        ? parameters.add(known[0], column.sqlType)
        : `any(${parameters.add(known, `${column.sqlType}[]`)})`;
    const sql = `${column.compared} = ${operand}`;
    // When `null` is excluded anyway the comparison need not care for it.
    parts.push(hasNull && negated ? `not (${sql})` : unlessNull(column, sql, negated));
  }
  if (hasNull) parts.push(`${column.compared} is ${negated ? "not " : ""}null`);
  return joined(parts, negated ? "and" : "or");
}

function partOfText(
  column: RecordColumn,
  { op, value }: Extract<Filter, { readonly op: "prefix" | "contains" }>,
  { parameters, negated }: ConditionContext,
): string {
  if (column.text === undefined) return String(negated);
  const part = parameters.add(value, "text");
  const sql = op === "prefix" ? `starts_with(${column.text}, ${part})` : `strpos(${column.text}, ${part}) > 0`;
  return unlessNull(column, sql, negated);
}

function range(
  column: RecordColumn,
  { op, value }: Extract<Filter, { readonly op: RangeOperator }>,
  { parameters, negated }: ConditionContext,
): string {
  const bound = column.bound(op, value);
  if (typeof bound === "boolean") return constant(column, bound, negated);
  if (bound) {
    const sql = `${column.compared} ${OPERATORS[bound.op]} ${parameters.add(bound.value, column.sqlType)}`;
    return unlessNull(column, sql, negated);
  }
  // Any text has its place among the texts of a column, also one that is no value of it.
  if (typeof value !== "string" || column.text === undefined) return String(negated);
  return unlessNull(column, `${column.text} ${OPERATORS[op]} ${parameters.add(value, "text")}`, negated);
}

/** What holds for every value there is, but not for `null`. */
function constant(column: RecordColumn, holds: boolean, negated: boolean): string {
  if (!holds || !column.nullable) return String(holds !== negated);
  return `${column.compared} is ${negated ? "" : "not "}null`;
}

function unlessNull(column: RecordColumn, sql: string, negated: boolean): string {
  if (!negated) return sql;
  return column.nullable ? `(${sql}) is not true` : `not (${sql})`;
}
