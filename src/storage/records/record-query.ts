import { hash } from "node:crypto";
import { VaultError } from "../../errors.ts";
import { isUuid } from "../../identifiers.ts";
import type { Filter, OrderKey } from "../filter.ts";
import { validateFilter, validateOrder } from "../filters/validate-filter.ts";
import { decodeCursor, encodeCursor, type Page, pageOf } from "../page.ts";
import type { Entity, PagedQuery, PagedResult, RecordQuery } from "../repository.ts";
import {
  BIGINT_RANGE,
  INTEGER_RANGE,
  type IntegerRange,
  isHex,
  isInstant,
  isWithin,
  type RecordProperty,
  type RecordShape,
} from "./record-shape.ts";

const RECORD_LIMIT_DEFAULT = 100;
const RECORD_LIMIT_MAX = 1_000;
/** Records of one `addMany`, at most. */
const RECORDS_ADDED_MAX = 1_000;

/** What a record is sorted by. The last key is always the id, so that no two records are in the same place. */
export interface RecordSortKey {
  readonly property: RecordProperty;
  readonly descending: boolean;
}

/** A query that has been checked against the descriptor. */
export interface CheckedQuery {
  readonly filter: Filter | undefined;
  readonly sortKeys: readonly RecordSortKey[];
  readonly limit: number;
  /** Of the last record of the page before: the values of its sort keys. */
  readonly after: readonly unknown[] | undefined;
}

/** @throws `invalid_filter`, `invalid_request` for a limit out of range, `invalid_cursor` */
export function checkQuery<T extends Entity>(shape: RecordShape<T>, query: RecordQuery): CheckedQuery {
  const { filter, limit = RECORD_LIMIT_DEFAULT, cursor } = query;
  requireWithin("limit", limit, RECORD_LIMIT_MAX);
  if (filter) checkFilter(shape, filter);
  const sortKeys = sortKeysOf(shape, query.orderBy);
  const after = cursor === undefined ? undefined : cursorValues({ cursor, list: listName(shape, query), sortKeys });
  return { filter, sortKeys, limit, after };
}

/** @throws `invalid_filter`, `invalid_request` for a page or its size out of range */
export function checkPagedQuery<T extends Entity>(shape: RecordShape<T>, query: PagedQuery) {
  const { filter, page, pageSize } = query;
  requireWithin("pageSize", pageSize, RECORD_LIMIT_MAX);
  requireWithin("page", page, Math.floor(Number.MAX_SAFE_INTEGER / pageSize));
  if (filter) checkFilter(shape, filter);
  return { filter, sortKeys: sortKeysOf(shape, query.orderBy), limit: pageSize, offset: (page - 1) * pageSize };
}

/** @throws `invalid_filter` */
export function checkFilter<T extends Entity>(shape: RecordShape<T>, filter: Filter): void {
  validateFilter(filter);
  checkProperties(shape, filter);
}

/** @throws `limit_exceeded` */
export function requireAddable(records: readonly unknown[]): void {
  if (records.length <= RECORDS_ADDED_MAX) return;
  throw new VaultError("limit_exceeded", `At most ${RECORDS_ADDED_MAX} records are added at once.`, {
    details: { limit: RECORDS_ADDED_MAX },
  });
}

/** @param records up to one more than the limit */
export function recordPage<T extends Entity>(
  shape: RecordShape<T>,
  { query, checked, records }: { query: RecordQuery; checked: CheckedQuery; records: readonly T[] },
): Page<T> {
  return pageOf(records, checked.limit, (last) =>
    encodeCursor(
      listName(shape, query),
      checked.sortKeys.map(({ property }) => textOfValue(valueOf(last, property))),
    ),
  );
}

export function pagedResult<T>(items: readonly T[], totalCount: number, query: PagedQuery): PagedResult<T> {
  const { page, pageSize } = query;
  const totalPages = Math.ceil(totalCount / pageSize);
  return { items, totalCount, page, pageSize, totalPages, hasNextPage: page < totalPages, hasPreviousPage: page > 1 };
}

export function valueOf(record: Entity, property: RecordProperty): unknown {
  return (record as unknown as Readonly<Record<string, unknown>>)[property.name];
}

/** As `compareBy` takes it: without the id at the end, which it adds. */
export function orderOf(sortKeys: readonly RecordSortKey[]): OrderKey[] {
  return sortKeys.map(({ property, descending }) => ({
    path: [property.name],
    direction: descending ? "descending" : "ascending",
  }));
}

function sortKeysOf<T extends Entity>(shape: RecordShape<T>, orderBy: readonly OrderKey[] = []): RecordSortKey[] {
  validateOrder(orderBy);
  const keys = orderBy.map(({ path, direction }, index) => {
    const property = propertyAt(shape, path, `/${index}/path`);
    if (property.type === "json") throw invalidFilter(`/${index}/path`, "has no order");
    return { property, descending: direction === "descending" };
  });
  const idAt = keys.findIndex(({ property }) => property === shape.id);
  return idAt === -1 ? [...keys, { property: shape.id, descending: false }] : keys.slice(0, idAt + 1);
}

/** Records are flat: what lies in a JSON column can be compared as a whole only. */
function checkProperties<T extends Entity>(shape: RecordShape<T>, filter: Filter, at = ""): void {
  switch (filter.op) {
    case "and":
    case "or":
      filter.filters.forEach((part, index) => checkProperties(shape, part, `${at}/filters/${index}`));
      return;
    case "not":
      checkProperties(shape, filter.filter, `${at}/filter`);
      return;
    case "elemMatch":
      throw invalidFilter(`${at}/op`, "does not work on records");
    default: {
      const { type } = propertyAt(shape, filter.path, `${at}/path`);
      if (type === "json" && !EQUALITIES.has(filter.op)) throw invalidFilter(`${at}/op`, "does not work on JSON");
    }
  }
}

const EQUALITIES = new Set<Filter["op"]>(["eq", "ne", "in", "nin", "exists"]);

function propertyAt<T extends Entity>(shape: RecordShape<T>, path: readonly string[], at: string): RecordProperty {
  const [name, ...more] = path;
  const property = name === undefined || more.length > 0 ? undefined : shape.property(name);
  if (!property) throw invalidFilter(at, "names no property of the record");
  return property;
}

function invalidFilter(path: string, problem: string): VaultError {
  return new VaultError("invalid_filter", `The filter or order is invalid at "${path}": it ${problem}.`, {
    errors: [{ path, code: "invalid_filter", message: `This ${problem}.` }],
  });
}

function requireWithin(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  const message = `Expected an integer from 1 to ${max}.`;
  throw new VaultError("invalid_request", `The ${name} is out of range.`, {
    errors: [{ path: `/${name}`, code: "invalid_value", message }],
  });
}

/** Binds a cursor to its filter and order without giving the filter's values away. */
function listName<T extends Entity>(shape: RecordShape<T>, { filter, orderBy }: RecordQuery): string {
  const parts = JSON.stringify([filter ?? null, orderBy ?? []]);
  return `${shape.descriptor.name}:${hash("sha256", parts, "base64url").slice(0, 16)}`;
}

/** In a cursor `null` is the empty text; another value follows an equals sign. */
function textOfValue(value: unknown): string {
  return value === null ? "" : `=${value as string | number | bigint | boolean}`;
}

function cursorValues({
  cursor,
  list,
  sortKeys,
}: {
  readonly cursor: string;
  readonly list: string;
  readonly sortKeys: readonly RecordSortKey[];
}): unknown[] {
  const texts = decodeCursor(list, cursor, sortKeys.length);
  return sortKeys.map(({ property }, index) => {
    const text = texts[index] ?? "";
    if (text === "" && property.nullable) return null;
    const value = text.startsWith("=") ? PARSERS[property.type](text.slice(1)) : undefined;
    if (value === undefined) throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
    return value;
  });
}

const INTEGER = /^-?\d{1,19}$/;

/** A value of a column from its text; `undefined` when no such value has this text. */
const PARSERS: Readonly<Record<RecordProperty["type"], (text: string) => unknown>> = {
  uuid: (text) => (isUuid(text) ? text : undefined),
  text: (text) => (text.isWellFormed() ? text : undefined),
  integer: (text) => integerWithin(INTEGER_RANGE, text),
  bigint: (text) => integerWithin(BIGINT_RANGE, text),
  double: (text) => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined),
  boolean: (text) => (text === "true" || text === "false" ? text === "true" : undefined),
  instant: (text) => (isInstant(text) ? text : undefined),
  json: () => undefined,
  hex: (text) => (isHex(text) ? text : undefined),
};

function integerWithin(range: IntegerRange, text: string): bigint | undefined {
  const value = INTEGER.test(text) ? BigInt(text) : undefined;
  return value !== undefined && isWithin(range, value) ? value : undefined;
}
