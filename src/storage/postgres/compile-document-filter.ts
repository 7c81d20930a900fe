import type { JsonValue } from "../../json.ts";
import type { Filter, FilterPath } from "../filter.ts";
import { textAfterPrefix } from "../filters/prefix-range.ts";
import { joined, type Parameters } from "./compile-record-filter.ts";
import type { PathColumn } from "./document-columns.ts";

export interface DocumentFilterContext {
  readonly parameters: Parameters;
  /** The value that paths begin at, as SQL of type `jsonb`. */
  readonly root: string;
  /** A column that has what is at a path where it has the type; none within elements. */
  readonly column: (path: FilterPath, type: string) => PathColumn | undefined;
  /** Levels of elements around. */
  readonly depth: number;
}

/**
 * A checked filter as a condition. It may be null where the filter does not hold: `and` and `or` pass that on without
 * turning it into true, and every negation asks whether the condition is true.
 */
export function compileDocumentFilter(filter: Filter, context: DocumentFilterContext): string {
  switch (filter.op) {
    case "and":
    case "or":
      return joined(
        filter.filters.map((part) => compileDocumentFilter(part, context)),
        filter.op,
      );
    case "not":
      return negation(compileDocumentFilter(filter.filter, context));
    case "ne":
      return negation(anyOf([filter.value], filter.path, context));
    case "nin":
      return negation(anyOf(filter.values, filter.path, context));
    case "eq":
      return anyOf([filter.value], filter.path, context);
    case "in":
      return anyOf(filter.values, filter.path, context);
    default:
      return compileCondition(filter, context);
  }
}

/** What a path leads to, as SQL of type `jsonb`; null when it leads to nothing. An array has no members by name. */
export function jsonAt(path: FilterPath, { root, parameters }: DocumentFilterContext): string {
  if (path.length === 0) return root;
  return `(${[root, ...path.map((name) => parameters.add(name, "text"))].join(" -> ")})`;
}

/** The text that a piece of JSON is; null when it is none. */
export function textOf(json: string): string {
  return `case when jsonb_typeof(${json}) = 'string' then ${json} #>> '{}' end collate "C"`;
}

type Condition = Exclude<Filter, { readonly op: "and" | "or" | "not" | "eq" | "ne" | "in" | "nin" }>;

const OPERATORS = { lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;

function compileCondition(filter: Condition, context: DocumentFilterContext): string {
  const { parameters } = context;
  switch (filter.op) {
    case "exists":
      return `${jsonAt(filter.path, context)} is not null`;
    case "elemMatch":
      return elementCondition(filter, context);
    case "prefix":
      return prefix(filter.value, filter.path, context);
    case "contains": {
      const text = context.column(filter.path, "string")?.column ?? `(${textOf(jsonAt(filter.path, context))})`;
      return `strpos(${text}, ${parameters.add(filter.value, "text")}) > 0`;
    }
    default:
      return range(filter, context);
  }
}

function negation(condition: string): string {
  return `(${condition}) is not true`;
}

/** Whether what is at a path equals one of the values: with the path's column where its type has one, else as JSON. */
function anyOf(values: readonly JsonValue[], path: FilterPath, context: DocumentFilterContext): string {
  const parts: string[] = [];
  let rest = values;
  for (const type of ["string", "number"] as const) {
    const column = context.column(path, type);
    const own = column ? rest.filter((value) => typeof value === type) : [];
    if (column === undefined || own.length === 0) continue;
    rest = rest.filter((value) => typeof value !== type);
    parts.push(`${column.column} = ${operand(own, column.sqlType, context)}`);
  }
  if (rest.length > 0) {
    const json = rest.map((value) => JSON.stringify(value));
    parts.push(`${jsonAt(path, context)} = ${operand(json, "jsonb", context)}`);
  }
  return joined(parts, "or");
}

function operand(values: readonly unknown[], sqlType: string, { parameters }: DocumentFilterContext): string {
  return values.length === 1 ? parameters.add(values[0], sqlType) : `any(${parameters.add(values, `${sqlType}[]`)})`;
}

function range(
  { op, path, value }: Extract<Filter, { readonly op: keyof typeof OPERATORS }>,
  context: DocumentFilterContext,
): string {
  const { parameters } = context;
  const type = typeof value;
  const column = context.column(path, type);
  if (column) return `${column.column} ${OPERATORS[op]} ${parameters.add(value, column.sqlType)}`;
  const json = jsonAt(path, context);
  if (type === "string") return `(${textOf(json)}) ${OPERATORS[op]} ${parameters.add(value, "text")}`;
  // JSON compares texts by the database's collation, but numbers by value and false before true.
  const bound = parameters.add(JSON.stringify(value), "jsonb");
  return `(jsonb_typeof(${json}) = '${type}' and ${json} ${OPERATORS[op]} ${bound})`;
}

/** An index serves ranges: texts that begin with another one are those from it up to the next one of its length. */
function prefix(text: string, path: FilterPath, context: DocumentFilterContext): string {
  const { parameters } = context;
  const column = context.column(path, "string")?.column;
  if (column === undefined) {
    return `starts_with((${textOf(jsonAt(path, context))}), ${parameters.add(text, "text")})`;
  }
  const next = textAfterPrefix(text);
  const from = `${column} >= ${parameters.add(text, "text")}`;
  return next === undefined ? from : `(${from} and ${column} < ${parameters.add(next, "text")})`;
}

function elementCondition(
  { path, filter }: Extract<Filter, { readonly op: "elemMatch" }>,
  context: DocumentFilterContext,
): string {
  const json = jsonAt(path, context);
  const name = `element_${context.depth}`;
  const inner: DocumentFilterContext = {
    parameters: context.parameters,
    root: `${name}.value`,
    column: () => undefined,
    depth: context.depth + 1,
  };
  const elements = `jsonb_array_elements(case when jsonb_typeof(${json}) = 'array' then ${json} end)`;
  return `exists (select from ${elements} as ${name} (value) where ${compileDocumentFilter(filter, inner)})`;
}
