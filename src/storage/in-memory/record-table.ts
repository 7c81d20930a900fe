import { recordExists } from "../records/record-errors.ts";
import type { RecordShape } from "../records/record-shape.ts";
import type { Entity, UniqueRule } from "../repository.ts";
import type { InMemoryTable, InMemoryTables } from "./in-memory-tables.ts";

/** The records of one kind of one tenant, with an index for each unique rule. To be used within one unit of work. */
export class RecordTable<T extends Entity> {
  readonly #tables: InMemoryTables;
  readonly #shape: RecordShape<T>;
  readonly #rows: InMemoryTable<T>;

  constructor(tables: InMemoryTables, shape: RecordShape<T>) {
    this.#tables = tables;
    this.#shape = shape;
    this.#rows = tables.table<T>(shape.descriptor.name);
  }

  get(id: string): T | undefined {
    return this.#rows.get(id);
  }

  values(): Iterable<T> {
    return this.#rows.values();
  }

  /** The record that has the values of a unique rule. */
  holder(rule: string, values: readonly unknown[]): T | undefined {
    const holder = this.#index(this.#tables, rule).get(keyText(values));
    return holder && this.#rows.get(holder.id);
  }

  /** @throws `record_exists` */
  insert(record: T): T {
    if (this.#rows.get(record.id)) throw recordExists("id");
    this.#claim(record);
    this.#rows.put(record.id, record);
    return record;
  }

  /** @throws `record_exists` */
  replace(record: T, next: T): T {
    this.#release(record);
    this.#claim(next);
    this.#rows.put(next.id, next);
    return next;
  }

  delete(record: T): void {
    this.#release(record);
    this.#rows.delete(record.id);
  }

  #claim(record: T): void {
    for (const rule of this.#shape.descriptor.unique) {
      const key = keyOf(rule, record);
      if (key === undefined) continue;
      const reached = rule.within === "all" ? this.#tables.everyTenant() : [this.#tables];
      if (reached.some((tables) => this.#index(tables, rule.name).get(key))) throw recordExists(rule.name);
      this.#index(this.#tables, rule.name).put(key, { id: record.id });
    }
  }

  #release(record: T): void {
    for (const rule of this.#shape.descriptor.unique) {
      const key = keyOf(rule, record);
      if (key !== undefined) this.#index(this.#tables, rule.name).delete(key);
    }
  }

  #index(tables: InMemoryTables, rule: string): InMemoryTable<{ readonly id: string }> {
    return tables.table(`${this.#shape.descriptor.name}/${rule}`);
  }
}

/** What no other record may have; `undefined` when the rule is not about the record, or a part of it is `null`. */
function keyOf<T extends Entity>(rule: UniqueRule<T>, record: T): string | undefined {
  const values = rule.properties.map((property): unknown => record[property]);
  if (values.includes(null) || !isMeant(rule, record)) return undefined;
  return keyText(values);
}

function isMeant<T extends Entity>({ when = {} }: UniqueRule<T>, record: T): boolean {
  return Object.entries(when).every(([property, value]) => record[property as keyof T] === value);
}

function keyText(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (typeof value === "bigint" ? String(value) : value)));
}
