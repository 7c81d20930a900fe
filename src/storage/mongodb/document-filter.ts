import type { Document } from "mongodb";
import type { JsonValue } from "../../json.ts";
import type { Filter, FilterPath, OrderKey } from "../filter.ts";
import { textAfterPrefix } from "../filters/prefix-range.ts";
import { SORT_CLASSES, type SortClass, type SortKeys, type SortPosition } from "../filters/sort-position.ts";
import { contentAt, ELEMENT, encodeList, encodeObject, fieldAt, isContainer, isList } from "./document-encoding.ts";

/** Where the fields of a document lie. */
const BODY = "body.";

/**
 * What a server without `$elemMatch` for whole filters is asked instead: `exact` asks it; `superset` asks for every
 * document that the filter may hold for, `subset` for those that it surely holds for.
 */
export type ElementAnswer = "exact" | "superset" | "subset";

/** A checked filter as MongoDB's, of documents encoded by `encodeObject` below `body`. */
export function compileFilter(filter: Filter, elements: ElementAnswer): Document {
  return compile(filter, { elements, field: (path) => `${BODY}${fieldAt(path)}`, content: contentInBody });
}

/** Whether the filter has conditions of elements, which not every server can decide. */
export function hasElementFilter(filter: Filter): boolean {
  switch (filter.op) {
    case "elemMatch":
      return true;
    case "and":
    case "or":
      return filter.filters.some(hasElementFilter);
    case "not":
      return hasElementFilter(filter.filter);
    default:
      return false;
  }
}

/** By each key, then by id. A key that is there already decides nothing. */
export function compileOrder(orderBy: readonly OrderKey[]): Map<string, 1 | -1> {
  const sort = new Map<string, 1 | -1>();
  for (const { path, direction } of orderBy) {
    const field = `${BODY}${fieldAt(path)}`;
    if (!sort.has(field)) sort.set(field, direction === "descending" ? -1 : 1);
  }
  return sort.set("_id", 1);
}

/**
 * What comes after a place in an order: beyond it by the first key, or in it and beyond by those that follow.
 *
 * @param afterId what comes after the id of the place
 */
export function compileAfter(orderBy: readonly OrderKey[], after: SortKeys, afterId: Document): Document {
  return orderBy.reduceRight((rest, { path, direction }, index) => {
    const field = `${BODY}${fieldAt(path)}`;
    const position = after.positions[index] ?? { class: "nothing" };
    const beyond = beyondPosition(field, position, direction === "descending");
    return { $or: [...beyond, { $and: [atPosition(field, position), rest] }] };
  }, afterId);
}

interface Context {
  readonly elements: ElementAnswer;
  readonly field: (path: FilterPath) => string;
  readonly content: typeof contentAt;
}

const contentInBody: typeof contentAt = (path, kind) => `${BODY}${contentAt(path, kind)}`;

/** Within `$elemMatch` the way begins at the object that holds the element. */
const ELEMENT_CONTEXT: Context = {
  elements: "exact",
  field: (path) => fieldAt([ELEMENT, ...path]),
  content: (path, kind) => contentAt([ELEMENT, ...path], kind),
};

const NOTHING: Document = { $nor: [{}] };

function compile(filter: Filter, context: Context): Document {
  switch (filter.op) {
    case "and":
      return allOf(filter.filters.map((part) => compile(part, context)));
    case "or":
      return anyOf(filter.filters.map((part) => compile(part, context)));
    case "not":
      return { $nor: [compile(filter.filter, { ...context, elements: OPPOSITES[context.elements] })] };
    case "ne":
      return { $nor: [equalsAny([filter.value], filter.path, context)] };
    case "nin":
      return { $nor: [equalsAny(filter.values, filter.path, context)] };
    case "eq":
      return equalsAny([filter.value], filter.path, context);
    case "in":
      return equalsAny(filter.values, filter.path, context);
    case "elemMatch":
      return elementCondition(filter, context);
    default:
      return { [context.field(filter.path)]: condition(filter) };
  }
}

const OPPOSITES: Readonly<Record<ElementAnswer, ElementAnswer>> = {
  exact: "exact",
  superset: "subset",
  subset: "superset",
};

function allOf(parts: readonly Document[]): Document {
  return parts.length === 0 ? {} : { $and: parts };
}

function anyOf(parts: readonly Document[]): Document {
  return parts.length === 0 ? NOTHING : { $or: parts };
}

type Condition = Exclude<Filter, { readonly op: "and" | "or" | "not" | "eq" | "ne" | "in" | "nin" | "elemMatch" }>;

/** The server compares values of one type only, as filters do. */
function condition(filter: Condition): Document {
  switch (filter.op) {
    case "exists":
      return { $exists: true };
    case "prefix": {
      const next = textAfterPrefix(filter.value);
      return next === undefined ? { $gte: filter.value } : { $gte: filter.value, $lt: next };
    }
    case "contains":
      return filter.value === "" ? { $gte: "" } : { $regex: filter.value.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&") };
    default:
      return { [`$${filter.op}`]: filter.value };
  }
}

/** A comparison with `null` finds absent members too, but its type does not. */
function equalsAny(values: readonly JsonValue[], path: FilterPath, { field, content }: Context): Document {
  const scalars = values.filter((value) => !isContainer(value) && value !== null);
  const parts: Document[] = scalars.length > 0 ? [{ [field(path)]: { $in: scalars } }] : [];
  if (values.includes(null)) parts.push({ [field(path)]: { $type: "null" } });
  for (const value of values) {
    if (isList(value)) parts.push({ [content(path, "array")]: { $eq: encodeList(value) } });
    else if (isContainer(value)) parts.push({ [content(path, "object")]: { $eq: encodeObject(value) } });
  }
  return anyOf(parts);
}

function elementCondition(
  { path, filter }: Extract<Filter, { readonly op: "elemMatch" }>,
  { elements, content }: Context,
): Document {
  const list = content(path, "array");
  switch (elements) {
    case "exact":
      return { [list]: { $elemMatch: compile(filter, ELEMENT_CONTEXT) } };
    case "superset":
      return { [list]: { $exists: true } };
    case "subset":
      return NOTHING;
  }
}

/** An absent member equals `null` here. */
const CLASS_CONDITIONS: Readonly<Record<SortClass, Document>> = {
  nothing: { $eq: null },
  number: { $type: "number" },
  text: { $type: "string" },
  container: { $type: "object" },
  false: { $eq: false },
  true: { $eq: true },
};

function beyondPosition(field: string, position: SortPosition, descending: boolean): Document[] {
  const own = SORT_CLASSES.indexOf(position.class);
  const classes = descending ? SORT_CLASSES.slice(0, own) : SORT_CLASSES.slice(own + 1);
  const beyond: Document[] = classes.map((name) => ({ [field]: CLASS_CONDITIONS[name] }));
  if (position.class === "number" || position.class === "text") {
    beyond.push({ [field]: { [descending ? "$lt" : "$gt"]: position.value } });
  }
  return beyond;
}

function atPosition(field: string, position: SortPosition): Document {
  const hasValue = position.class === "number" || position.class === "text";
  return { [field]: hasValue ? { $eq: position.value } : CLASS_CONDITIONS[position.class] };
}
