import type { CollectionDescriptor, DocumentIndex } from "../document-store.ts";
import { recordExists } from "../documents/document-collection.ts";
import type { DocumentRow } from "../documents/document-rows.ts";
import { valueAt } from "../filters/evaluate-filter.ts";
import type { InMemoryTable, InMemoryTables } from "./in-memory-tables.ts";

/** Which document has a value that is unique. */
interface UniqueOwner {
  readonly key: string;
  readonly id: string;
}

/** The tables of one collection of one tenant, within one unit of work. */
export class DocumentTables {
  readonly documents: InMemoryTable<DocumentRow>;
  readonly #tables: InMemoryTables;
  readonly #name: string;
  readonly #unique: readonly DocumentIndex[];

  constructor(tables: InMemoryTables, { name, indexes }: CollectionDescriptor) {
    this.#tables = tables;
    this.#name = `documents/${name}`;
    this.#unique = indexes.filter(({ unique }) => unique === true);
    this.documents = tables.table<DocumentRow>(this.#name);
  }

  /** @throws `record_exists` of a unique index */
  put(row: DocumentRow): void {
    this.#forget(this.documents.get(row.id));
    for (const index of this.#unique) this.#claim(index, row);
    this.documents.put(row.id, row);
  }

  delete(row: DocumentRow): void {
    this.#forget(row);
    this.documents.delete(row.id);
  }

  /** @throws `record_exists` when documents that are there have a value in common */
  rebuildIndexes(): void {
    for (const index of this.#unique) {
      const owners = this.#owners(index);
      for (const { key } of owners.values()) owners.delete(key);
      for (const row of this.documents.values()) this.#claim(index, row);
    }
  }

  #claim(index: DocumentIndex, row: DocumentRow): void {
    const key = keyOf(index, row);
    if (key === undefined) return;
    const owners = this.#owners(index);
    if (owners.get(key)) throw recordExists(index.name);
    owners.put(key, { key, id: row.id });
  }

  #forget(row: DocumentRow | undefined): void {
    for (const index of this.#unique) {
      const key = keyOf(index, row);
      if (key !== undefined && this.#owners(index).get(key)?.id === row?.id) this.#owners(index).delete(key);
    }
  }

  /** An index on another path or type is another one. */
  #owners({ name, path, type }: DocumentIndex): InMemoryTable<UniqueOwner> {
    return this.#tables.table(`${this.#name}/${JSON.stringify([name, path, type])}`);
  }
}

/** The value in the index, as text; `undefined` when there is none of the index's type. */
function keyOf({ path, type }: DocumentIndex, row: DocumentRow | undefined): string | undefined {
  const value = valueAt(row?.document, path);
  return typeof value === type ? String(value) : undefined;
}
