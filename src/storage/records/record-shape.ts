import { parseInstant } from "../../clock.ts";
import { VaultError } from "../../errors.ts";
import { isUuid } from "../../identifiers.ts";
import { storabilityProblem, textProblem } from "../../json.ts";
import type { ColumnType, Entity, RepositoryDescriptor } from "../repository.ts";

/** A property of a record with its column, `id` and `version` included. */
export interface RecordProperty {
  readonly name: string;
  readonly column: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

export const INTEGER_RANGE: IntegerRange = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
export const BIGINT_RANGE: IntegerRange = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const TEXT_ID_LENGTH_MAX = 256;
const HEX = /^(?:[0-9a-f]{2})*$/;

/** What a descriptor says about its records, the same for all engines. */
export class RecordShape<T extends Entity> {
  readonly descriptor: RepositoryDescriptor<T>;
  /** Of the columns: all but `id` and `version`. */
  readonly properties: readonly RecordProperty[];
  readonly id: RecordProperty;
  readonly version: RecordProperty;
  /** The property that says whose the record is; `undefined` when no property does. */
  readonly owner: RecordProperty | undefined;
  readonly #byName: ReadonlyMap<string, RecordProperty>;

  constructor(descriptor: RepositoryDescriptor<T>) {
    this.descriptor = descriptor;
    this.id = { name: "id", column: "id", type: descriptor.idType, nullable: false };
    this.version = { name: "version", column: "version", type: "bigint", nullable: false };
    this.properties = descriptor.columns.map(({ property, column, type, nullable }) => {
      return { name: property, column, type, nullable: nullable === true };
    });
    const all = [this.id, this.version, ...this.properties];
    this.owner = all.find(({ column }) => column === descriptor.tenantColumn);
    this.#byName = new Map(all.map((property) => [property.name, property]));
  }

  property(name: string): RecordProperty | undefined {
    return this.#byName.get(name);
  }

  /** Whether there can be a record with this id at all. */
  isId(id: string): boolean {
    return this.descriptor.idType === "uuid" ? isUuid(id) : isTextId(id);
  }

  /**
   * A record of its own, as it will be read again, with the properties that the descriptor names.
   *
   * @throws `invalid_value` for a value that its column does not take
   */
  record(entity: Omit<T, "version">, version: number): T {
    const values = entity as Readonly<Record<string, unknown>>;
    const record: Record<string, unknown> = { id: this.#checkedId(values["id"]), version };
    for (const property of this.properties) record[property.name] = stored(property, values[property.name]);
    return record as unknown as T;
  }

  /** The properties that a change replaces, as they will be read again. @throws as `record` */
  change(change: Partial<Omit<T, "id" | "version">>): ReadonlyMap<RecordProperty, unknown> {
    const values = change as Readonly<Record<string, unknown>>;
    const changed = this.properties.filter(({ name }) => values[name] !== undefined);
    return new Map(changed.map((property) => [property, stored(property, values[property.name])]));
  }

  #checkedId(id: unknown): string {
    if (typeof id === "string" && this.isId(id)) return id;
    throw invalidValue("id", `is no ${this.descriptor.idType === "uuid" ? "UUID" : "text of 1 to 256 characters"}`);
  }
}

const shapes = new WeakMap<object, RecordShape<Entity>>();

/** The shape of a descriptor, which is read once. */
export function shapeOf<T extends Entity>(descriptor: RepositoryDescriptor<T>): RecordShape<T> {
  let shape = shapes.get(descriptor);
  if (!shape) {
    shape = new RecordShape(descriptor) as unknown as RecordShape<Entity>;
    shapes.set(descriptor, shape);
  }
  return shape as unknown as RecordShape<T>;
}

export function isHex(text: string): boolean {
  return HEX.test(text);
}

export function isInstant(text: string): boolean {
  return parseInstant(text) === text;
}

function isTextId(id: string): boolean {
  return id.length > 0 && id.length <= TEXT_ID_LENGTH_MAX && textProblem(id) === undefined;
}

function stored(property: RecordProperty, value: unknown): unknown {
  if (value === null && (property.nullable || property.type === "json")) return null;
  const problem = CHECKS[property.type](value);
  if (problem !== undefined) throw invalidValue(property.name, problem);
  // There is no negative zero in a table.
  if (typeof value === "number") return value + 0;
  return typeof value === "object" ? (JSON.parse(JSON.stringify(value)) as unknown) : value;
}

function invalidValue(name: string, problem: string): VaultError {
  return new VaultError("invalid_value", `The property ${name} ${problem}.`, {
    errors: [{ path: `/${name}`, code: "invalid_value", message: `This ${problem}.` }],
  });
}

/** Why a value does not fit its column, or `undefined` when it does. */
const CHECKS: Readonly<Record<ColumnType, (value: unknown) => string | undefined>> = {
  uuid: (value) => (typeof value === "string" && isUuid(value) ? undefined : "is no lower-case UUID"),
  text: (value) => (typeof value === "string" ? textProblem(value) : "is no text"),
  integer: (value) =>
    Number.isInteger(value) && isWithin(INTEGER_RANGE, BigInt(value as number)) ? undefined : "is no 32-bit integer",
  bigint: (value) => (typeof value === "bigint" && isWithin(BIGINT_RANGE, value) ? undefined : "is no 64-bit bigint"),
  double: (value) => (Number.isFinite(value) ? undefined : "is no finite number"),
  boolean: (value) => (typeof value === "boolean" ? undefined : "is no boolean"),
  instant: (value) => (typeof value === "string" && isInstant(value) ? undefined : "is no instant"),
  json: (value) => {
    const problem = storabilityProblem(value);
    return problem && `is ${problem}`.replace(/^is holds/, "holds");
  },
  hex: (value) => (typeof value === "string" && isHex(value) ? undefined : "is no lower-case hexadecimal text"),
};

export function isWithin({ min, max }: IntegerRange, value: bigint): boolean {
  return value >= min && value <= max;
}
