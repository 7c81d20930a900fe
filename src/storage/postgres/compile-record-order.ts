import { joined, type Parameters } from "./compile-record-filter.ts";
import type { RecordColumn } from "./record-column.ts";

export interface SortColumn {
  readonly column: RecordColumn;
  readonly descending: boolean;
}

/** `null` is less than every value. Columns without it keep to the order that their indexes have. */
export function compileOrder(sort: readonly SortColumn[]): string {
  const keys = sort.map(({ column, descending }) => {
    const nulls = descending ? " nulls last" : " nulls first";
    return `${column.compared}${descending ? " desc" : ""}${column.nullable ? nulls : ""}`;
  });
  return keys.join(", ");
}

/** What comes behind a record in the order. @param after the values of its sort keys */
export function compileAfter(sort: readonly SortColumn[], after: readonly unknown[], parameters: Parameters): string {
  const places = sort.map(({ column, descending }, index) => {
    const value = after[index];
    const parameter = value === null ? undefined : parameters.add(column.encode(value), column.sqlType);
    return { column, descending, parameter };
  });
  const first = places[0];
  if (!first) return "true";
  if (places.length === 1) return behind(first);
  if (places.every(({ column, descending }) => !descending && !column.nullable)) {
    // An index answers this as a range.
    return `(${places.map(({ column }) => column.compared).join(", ")}) > (${places.map((place) => place.parameter).join(", ")})`;
  }
  return joined([notBefore(first), nested(places)], "and");
}

interface Place extends SortColumn {
  /** None when the record has `null` there. */
  readonly parameter: string | undefined;
}

function nested([place, ...more]: readonly Place[]): string {
  if (!place) return "false";
  if (more.length === 0) return behind(place);
  return joined([behind(place), joined([level(place), nested(more)], "and")], "or");
}

function behind({ column: { compared, nullable }, descending, parameter }: Place): string {
  if (parameter === undefined) return descending ? "false" : `${compared} is not null`;
  if (!descending) return `${compared} > ${parameter}`;
  return nullable ? `(${compared} < ${parameter} or ${compared} is null)` : `${compared} < ${parameter}`;
}

function level({ column: { compared }, parameter }: Place): string {
  return parameter === undefined ? `${compared} is null` : `${compared} = ${parameter}`;
}

/** Implied by the rest, but an index can begin with it. */
function notBefore({ column: { compared, nullable }, descending, parameter }: Place): string {
  if (parameter === undefined || (descending && nullable)) return "true";
  return `${compared} ${descending ? "<=" : ">="} ${parameter}`;
}
