import type { Instant } from "../../clock.ts";
import { isUuid } from "../../identifiers.ts";
import { textProblem } from "../../json.ts";
import type { OrderedScalar } from "../filter.ts";
import {
  BIGINT_RANGE,
  INTEGER_RANGE,
  type IntegerRange,
  isHex,
  isInstant,
  isWithin,
  type RecordProperty,
} from "../records/record-shape.ts";
import type { ColumnType } from "../repository.ts";
import { quoteIdentifier } from "./quote-identifier.ts";

export type RangeOperator = "lt" | "lte" | "gt" | "gte";

/** A condition on the values of a column: a comparison with `value`, or its answer for every value there is. */
export type Bound = { readonly op: RangeOperator; readonly value: unknown } | boolean;

/** How PostgreSQL keeps the values of one type. */
interface ColumnKind {
  readonly sqlType: string;
  /** What values are compared and sorted by, so that they come in the order of `OrderKey`. */
  readonly compared: (column: string) => string;
  /** The text that a record has in its place; none for what is no text there. */
  readonly text?: (column: string) => string;
  /** How it is read, when the driver's own way is not enough. */
  readonly selected?: (column: string) => string;
  readonly decode?: (value: never) => unknown;
  /** The parameter that equals a JSON value; `undefined` when no value of the column can. */
  readonly equal: (value: unknown) => unknown;
  /** The parameter for a value that the shape of the record has checked. */
  readonly encode?: (value: never) => unknown;
  readonly bound: (op: RangeOperator, value: OrderedScalar) => Bound | undefined;
}

const itself = (column: string): string => column;
const byCodePoint = (column: string): string => `${column} collate "C"`;

/** The kinds whose values are texts in a record, with an order that is that of the texts. */
function textual(isValue: (text: string) => boolean, encode: (text: string) => unknown = (text) => text) {
  const equal = (value: unknown): unknown => (typeof value === "string" && isValue(value) ? encode(value) : undefined);
  return {
    equal,
    bound(op: RangeOperator, value: OrderedScalar): Bound | undefined {
      const parameter = equal(value);
      return parameter === undefined ? undefined : { op, value: parameter };
    },
  };
}

function integral(sqlType: string, range: IntegerRange): ColumnKind {
  return {
    sqlType,
    compared: itself,
    equal: (value) => {
      const integer = Number.isInteger(value) ? BigInt(value as number) : undefined;
      return integer !== undefined && isWithin(range, integer) ? String(integer) : undefined;
    },
    bound(op, value) {
      if (typeof value !== "number") return undefined;
      const floor = BigInt(Math.floor(value));
      const isUpper = op === "lt" || op === "lte";
      if (floor > range.max) return isUpper;
      if (floor < range.min) return !isUpper;
      if (Number.isInteger(value)) return { op, value: String(floor) };
      return { op: isUpper ? "lte" : "gt", value: String(floor) };
    },
  };
}

const hexText = (column: string): string => `encode(${column}, 'hex')`;
const bytesOf = (text: string): Buffer => Buffer.from(text, "hex");

const KINDS: Readonly<Record<ColumnType, ColumnKind>> = {
  uuid: { sqlType: "uuid", compared: itself, text: (column) => `${column}::text collate "C"`, ...textual(isUuid) },
  text: {
    sqlType: "text",
    compared: byCodePoint,
    text: byCodePoint,
    ...textual((text) => textProblem(text) === undefined),
  },
  integer: integral("integer", INTEGER_RANGE),
  bigint: { ...integral("bigint", BIGINT_RANGE), decode: (digits: string) => BigInt(digits) },
  double: {
    sqlType: "double precision",
    compared: itself,
    equal: (value) => (typeof value === "number" ? value : undefined),
    bound: (op, value) => (typeof value === "number" ? { op, value } : undefined),
  },
  boolean: {
    sqlType: "boolean",
    compared: itself,
    equal: (value) => (typeof value === "boolean" ? value : undefined),
    bound: (op, value) => (typeof value === "boolean" ? { op, value } : undefined),
  },
  instant: {
    sqlType: "timestamptz",
    compared: itself,
    text: (column) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') collate "C"`,
    selected: (column) => `${column}::text`,
    decode: instantFromText,
    ...textual(isInstant),
  },
  json: {
    sqlType: "jsonb",
    compared: itself,
    equal: (value) => JSON.stringify(value),
    encode: (value: unknown) => JSON.stringify(value),
    bound: () => undefined,
  },
  hex: {
    sqlType: "bytea",
    compared: itself,
    text: (column) => `${hexText(column)} collate "C"`,
    selected: hexText,
    encode: bytesOf,
    ...textual(isHex, bytesOf),
  },
};

/** A property of a record as statements write it; the table is called `t` in them. */
export class RecordColumn {
  readonly property: RecordProperty;
  readonly nullable: boolean;
  readonly isJson: boolean;
  readonly sqlType: string;
  /** The column's name, quoted. */
  readonly name: string;
  readonly compared: string;
  readonly text: string | undefined;
  /** With the property's name as its alias. */
  readonly selected: string;
  /** What it is in a row that is made of JSON. */
  readonly jsonType: string;
  readonly #kind: ColumnKind;

  constructor(property: RecordProperty) {
    const kind = KINDS[property.type];
    this.property = property;
    this.nullable = property.nullable;
    this.isJson = property.type === "json";
    this.sqlType = kind.sqlType;
    this.name = quoteIdentifier(property.column);
    const column = `t.${this.name}`;
    this.compared = kind.compared(column);
    this.text = kind.text?.(column);
    this.selected = `${(kind.selected ?? itself)(column)} as ${quoteIdentifier(property.name)}`;
    this.jsonType = property.type === "hex" ? "text" : kind.sqlType;
    this.#kind = kind;
  }

  /** Its value from that of a row that is made of JSON. */
  fromJson(value: string): string {
    if (this.property.type === "hex") return `decode(${value}, 'hex')`;
    return this.isJson && !this.nullable ? `coalesce(${value}, 'null'::jsonb)` : value;
  }

  /** The parameter that keeps a value. */
  encode(value: unknown): unknown {
    if (value === null) return this.isJson && !this.nullable ? "null" : null;
    return this.#kind.encode ? this.#kind.encode(value as never) : value;
  }

  decode(value: unknown): unknown {
    return value === null || !this.#kind.decode ? value : this.#kind.decode(value as never);
  }

  equal(value: unknown): unknown {
    return this.#kind.equal(value);
  }

  bound(op: RangeOperator, value: OrderedScalar): Bound | undefined {
    return this.#kind.bound(op, value);
  }
}

/** `2026-03-03 09:30:00.5+00`, as a connection in UTC writes instants, to `2026-03-03T09:30:00.500Z`. */
function instantFromText(text: string): Instant {
  const time = text.slice(11, -3);
  return `${text.slice(0, 10)}T${time.length === 8 ? `${time}.000` : time.padEnd(12, "0")}Z` as Instant;
}
