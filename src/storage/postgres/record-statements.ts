import { hash } from "node:crypto";
import { invariant } from "../../errors.ts";
import type { Filter } from "../filter.ts";
import type { RecordSortKey } from "../records/record-query.ts";
import { type RecordProperty, type RecordShape, shapeOf } from "../records/record-shape.ts";
import type { Entity, RepositoryDescriptor } from "../repository.ts";
import { compileFilter, Parameters } from "./compile-record-filter.ts";
import { compileAfter, compileOrder } from "./compile-record-order.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { RecordColumn } from "./record-column.ts";
import type { SqlRow, SqlStatement } from "./sql-database.ts";

/** Texts of one descriptor that are kept prepared. More shapes of filters than that are not written in a program. */
const NAMED_TEXTS_MAX = 200;
const NAME_LENGTH_MAX = 36;

/** Whose records a statement is about: those of the tenant that is its first parameter, or of all. */
export type Reach = "tenant" | "all";

/** A statement and the values of its parameters. */
export interface BoundStatement {
  readonly statement: SqlStatement;
  readonly values: readonly unknown[];
}

export interface FindOptions {
  readonly filter: Filter | undefined;
  readonly sortKeys: readonly RecordSortKey[];
  readonly limit: number;
  readonly after?: readonly unknown[] | undefined;
  readonly offset?: number;
}

/** Everything that is asked of one table, as SQL. Made once per descriptor and reach. */
export class RecordStatements<T extends Entity> {
  readonly shape: RecordShape<T>;
  readonly get: SqlStatement;
  readonly exists: SqlStatement;
  readonly remove: SqlStatement;
  readonly add: SqlStatement;
  readonly addMany: SqlStatement;
  /** Whether the column of the tenant is none of the record's own, and is the first parameter of `add` and `addMany`. */
  readonly addsTenant: boolean;
  readonly #reach: Reach;
  readonly #table: string;
  readonly #columns: readonly RecordColumn[];
  readonly #byName: ReadonlyMap<string, RecordColumn>;
  readonly #selected: string;
  /** Whose records, and that this is the record; the latter with the parameter after the tenant. */
  readonly #whose: string;
  readonly #thisOne: string;
  readonly #kept = new Map<string, SqlStatement>();

  constructor(shape: RecordShape<T>, reach: Reach) {
    const { descriptor } = shape;
    this.shape = shape;
    this.addsTenant = shape.owner === undefined;
    this.#reach = reach;
    this.#table = quoteIdentifier(descriptor.name);
    this.#columns = shape.properties.map((property) => new RecordColumn(property));
    const id = new RecordColumn(shape.id);
    const all = [id, new RecordColumn(shape.version), ...this.#columns];
    this.#byName = new Map(all.map((column) => [column.property.name, column]));
    this.#selected = [
      id.selected,
      "t.version::double precision as version",
      ...this.#columns.map((c) => c.selected),
    ].join(", ");
    this.#whose = reach === "tenant" ? `t.${quoteIdentifier(descriptor.tenantColumn)} = $1::uuid` : "true";
    this.#thisOne = `${this.#whose} and ${id.compared} = $${reach === "tenant" ? 2 : 1}::${id.sqlType}`;
    this.get = this.#statement("get", `select ${this.#selected} from ${this.#table} t where ${this.#thisOne}`);
    this.exists = this.#statement("exists", `select ${this.#isThere()} as "exists"`);
    this.remove = this.#statement("remove", this.#removeText());
    this.add = this.#statement("add", this.#addText());
    this.addMany = this.#statement("add_many", this.#addManyText());
  }

  decode(row: SqlRow): T {
    const record: Record<string, unknown> = { id: row["id"], version: row["version"] };
    for (const column of this.#columns) record[column.property.name] = column.decode(row[column.property.name]);
    return record as unknown as T;
  }

  /** The parameters of `add` for a checked record. */
  addValues(record: T, tenantId: string | undefined): unknown[] {
    const values = record as unknown as Readonly<Record<string, unknown>>;
    const kept = this.#columns.map((column) => column.encode(values[column.property.name]));
    return this.addsTenant ? [tenantId, record.id, ...kept] : [record.id, ...kept];
  }

  /** The parameters of `addMany`. */
  addManyValues(records: readonly T[], tenantId: string | undefined): unknown[] {
    const rows = JSON.stringify(records, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    return this.addsTenant ? [tenantId, rows] : [rows];
  }

  find({ filter, sortKeys, limit, after, offset = 0 }: FindOptions, tenantId: string | undefined): BoundStatement {
    const { parameters, conditions } = this.#conditions(filter, tenantId);
    const sort = this.#sort(sortKeys);
    if (after) conditions.push(compileAfter(sort, after, parameters));
    const text = `select ${this.#selected} from ${this.#table} t where ${conditions.join(" and ")}
      order by ${compileOrder(sort)} limit ${parameters.add(limit, "bigint")}`;
    return this.#bind("find", offset === 0 ? text : `${text} offset ${parameters.add(offset, "bigint")}`, parameters);
  }

  /** One page and the number of all, `?total`, in one snapshot: a row without a version stands for an empty page. */
  page({ filter, sortKeys, limit, offset = 0 }: FindOptions, tenantId: string | undefined): BoundStatement {
    const { parameters, conditions } = this.#conditions(filter, tenantId);
    const matching = `from ${this.#table} t where ${conditions.join(" and ")}`;
    const order = compileOrder(this.#sort(sortKeys));
    // The rows are numbered once they are sorted and cut: numbered in the order of a window all of them would be sorted.
    const text = `select (select count(*)::double precision ${matching}) as "?total", page.*
      from (select) one left join (
        select cut.*, row_number() over () as "?place" from (
          select ${this.#selected} ${matching}
          order by ${order} limit ${parameters.add(limit, "bigint")} offset ${parameters.add(offset, "bigint")}
        ) cut
      ) page on true order by "?place"`;
    return this.#bind("page", text, parameters);
  }

  count(filter: Filter | undefined, tenantId: string | undefined): BoundStatement {
    const { parameters, conditions } = this.#conditions(filter, tenantId);
    const text = `select count(*)::double precision as "count" from ${this.#table} t where ${conditions.join(" and ")}`;
    return this.#bind("count", text, parameters);
  }

  /**
   * The record as it is afterwards, or a row without a version that says whether the record is `?found` at all. Whose a record
   * is never changes.
   *
   * @param expectedVersion any when it is `undefined`
   */
  update({ id, change, expectedVersion }: UpdateOptions, tenantId: string | undefined): BoundStatement {
    const parameters = this.#parameters(tenantId);
    parameters.add(id, "text");
    const sets = [...change]
      .filter(([property]) => property !== this.shape.owner)
      .map(([property, value]) => {
        const column = this.#column(property.name);
        return `${column.name} = ${parameters.add(column.encode(value), column.sqlType)}`;
      });
    sets.push("version = t.version + 1");
    const text = this.#changeText(
      `update ${this.#table} t set ${sets.join(", ")} where ${this.#thisOne}`,
      parameters.add(expectedVersion ?? null, "bigint"),
    );
    return this.#bind("update", text, parameters);
  }

  #changeText(change: string, expected: string): string {
    return `with changed as (${change} and (${expected} is null or t.version = ${expected}) returning ${this.#selected})
      select changed.*, ${this.#isThere()} as "?found" from (select) one left join changed on true`;
  }

  #removeText(): string {
    const expected = `$${this.#reach === "tenant" ? 3 : 2}::bigint`;
    return `with removed as (delete from ${this.#table} t where ${this.#thisOne}
        and (${expected} is null or t.version = ${expected}) returning true as done)
      select removed.done, ${this.#isThere()} as found from (select) one left join removed on true`;
  }

  #isThere(): string {
    return `exists (select from ${this.#table} t where ${this.#thisOne})`;
  }

  #addText(): string {
    const names = this.#addedNames();
    const types = [...(this.addsTenant ? ["uuid"] : []), this.#column("id").sqlType];
    const values = [...types, ...this.#columns.map(({ sqlType }) => sqlType)].map((type, at) => `$${at + 1}::${type}`);
    return `insert into ${this.#table} (${names.join(", ")}, version) values (${values.join(", ")}, 1)`;
  }

  /** The records are one JSON parameter, whatever their number. */
  #addManyText(): string {
    const columns = [this.#column("id"), ...this.#columns];
    const fields = columns.map((column) => `${quoteIdentifier(column.property.name)} ${column.jsonType}`);
    const values = columns.map((column) => column.fromJson(`r.${quoteIdentifier(column.property.name)}`));
    const tenant = this.addsTenant ? ["$1::uuid"] : [];
    return `insert into ${this.#table} (${this.#addedNames().join(", ")}, version)
      select ${[...tenant, ...values].join(", ")}, 1
      from json_to_recordset($${tenant.length + 1}::json) as r(${fields.join(", ")})`;
  }

  #addedNames(): string[] {
    const own = [this.#column("id"), ...this.#columns].map(({ name }) => name);
    return this.addsTenant ? [quoteIdentifier(this.shape.descriptor.tenantColumn), ...own] : own;
  }

  #conditions(filter: Filter | undefined, tenantId: string | undefined) {
    const parameters = this.#parameters(tenantId);
    const column = (name: string): RecordColumn => this.#column(name);
    const conditions = [this.#whose];
    if (filter) conditions.push(compileFilter(filter, { column, parameters }));
    return { parameters, conditions };
  }

  #parameters(tenantId: string | undefined): Parameters {
    return this.#reach === "tenant" ? new Parameters(tenantId) : new Parameters();
  }

  #sort(sortKeys: readonly RecordSortKey[]) {
    return sortKeys.map(({ property, descending }) => ({ column: this.#column(property.name), descending }));
  }

  #column(name: string): RecordColumn {
    const column = this.#byName.get(name);
    invariant(column, "queries are checked before they are compiled");
    return column;
  }

  #bind(kind: string, text: string, { values }: Parameters): BoundStatement {
    const kept = this.#kept.get(text);
    if (kept) return { statement: kept, values };
    if (this.#kept.size >= NAMED_TEXTS_MAX) return { statement: { name: "", text }, values };
    const statement = this.#statement(kind, text);
    this.#kept.set(text, statement);
    return { statement, values };
  }

  /** Two descriptors of one table have texts of their own, and with them names. */
  #statement(kind: string, text: string): SqlStatement {
    const name = `${this.shape.descriptor.name}_${kind}`.slice(0, NAME_LENGTH_MAX);
    return { name: `${name}_${hash("sha256", text, "hex").slice(0, 16)}`, text };
  }
}

export interface UpdateOptions {
  readonly id: string;
  readonly change: ReadonlyMap<RecordProperty, unknown>;
  readonly expectedVersion: number | undefined;
}

const compiled: Readonly<Record<Reach, WeakMap<object, RecordStatements<Entity>>>> = {
  tenant: new WeakMap(),
  all: new WeakMap(),
};

/** The statements of a descriptor, which are written once. */
export function recordStatements<T extends Entity>(
  descriptor: RepositoryDescriptor<T>,
  reach: Reach,
): RecordStatements<T> {
  let statements = compiled[reach].get(descriptor);
  if (!statements) {
    statements = new RecordStatements(shapeOf(descriptor), reach) as unknown as RecordStatements<Entity>;
    compiled[reach].set(descriptor, statements);
  }
  return statements as unknown as RecordStatements<T>;
}
