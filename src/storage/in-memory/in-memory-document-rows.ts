import type { CallOptions } from "../call-options.ts";
import type { CollectionDescriptor } from "../document-store.ts";
import { recordExists } from "../documents/document-collection.ts";
import { checkLength } from "../documents/document-input.ts";
import type {
  CheckedDocument,
  CheckedPatch,
  DocumentRow,
  DocumentRows,
  DocumentScan,
} from "../documents/document-rows.ts";
import { mergePatch } from "../documents/merge-patch.ts";
import type { Filter } from "../filter.ts";
import { matches } from "../filters/evaluate-filter.ts";
import { compareSortKeys, sortKeysOf } from "../filters/sort-position.ts";
import type { VersionedCallOptions } from "../repository.ts";
import type { InMemorySession } from "./in-memory-database.ts";
import { DocumentTables } from "./in-memory-document-tables.ts";

export class InMemoryDocumentRows implements DocumentRows {
  readonly #session: InMemorySession;
  readonly #descriptor: CollectionDescriptor;

  constructor(session: InMemorySession, descriptor: CollectionDescriptor) {
    this.#session = session;
    this.#descriptor = descriptor;
  }

  get(ids: readonly string[], options: CallOptions): Promise<readonly DocumentRow[]> {
    return this.#run(options, ({ documents }) => ids.flatMap((id) => documents.get(id) ?? []));
  }

  scan({ filter, orderBy, after, limit }: DocumentScan, options: CallOptions): Promise<readonly DocumentRow[]> {
    return this.#run(options, (tables) => {
      const compare = compareSortKeys(orderBy);
      const placed = found(tables, filter).map((row) => ({
        row,
        keys: sortKeysOf({ ...row.document, id: row.id }, orderBy),
      }));
      const rest = after === undefined ? placed : placed.filter(({ keys }) => compare(keys, after) > 0);
      rest.sort((left, right) => compare(left.keys, right.keys));
      return rest.slice(0, limit).map(({ row }) => row);
    });
  }

  count(filter: Filter | undefined, options: CallOptions): Promise<number> {
    return this.#run(options, (tables) => found(tables, filter).length);
  }

  exists(id: string, options: CallOptions): Promise<boolean> {
    return this.#run(options, ({ documents }) => documents.get(id) !== undefined);
  }

  async insert(documents: readonly CheckedDocument[], options: CallOptions): Promise<void> {
    await this.#run(options, (tables) => {
      for (const { id, document } of documents) {
        if (tables.documents.get(id)) throw recordExists("id");
        tables.put({ id, version: 1, document });
      }
    });
  }

  replace({ id, document }: CheckedDocument, options: VersionedCallOptions): Promise<number | undefined> {
    return this.#run(options, (tables) => {
      const row = expected(tables, id, options);
      if (row === undefined) return undefined;
      tables.put({ id, version: row.version + 1, document });
      return row.version + 1;
    });
  }

  upsert({ id, document }: CheckedDocument, options: CallOptions): Promise<number> {
    return this.#run(options, (tables) => {
      const version = (tables.documents.get(id)?.version ?? 0) + 1;
      tables.put({ id, version, document });
      return version;
    });
  }

  patch({ id, patch }: CheckedPatch, options: VersionedCallOptions): Promise<DocumentRow | undefined> {
    return this.#run(options, (tables) => {
      const row = expected(tables, id, options);
      if (row === undefined) return undefined;
      const json = JSON.stringify(mergePatch(row.document, patch));
      checkLength(json);
      // A copy of its own: the patch's parts are the caller's.
      const patched = { id, version: row.version + 1, document: JSON.parse(json) as DocumentRow["document"] };
      tables.put(patched);
      return patched;
    });
  }

  delete(id: string, options: VersionedCallOptions): Promise<boolean> {
    return this.#run(options, (tables) => {
      const row = expected(tables, id, options);
      if (row !== undefined) tables.delete(row);
      return row !== undefined;
    });
  }

  deleteMany(filter: Filter, options: CallOptions): Promise<number> {
    return this.#run(options, (tables) => {
      const rows = found(tables, filter);
      for (const row of rows) tables.delete(row);
      return rows.length;
    });
  }

  #run<T>({ signal }: CallOptions, work: (tables: DocumentTables) => T): Promise<T> {
    return this.#session.run((tables) => work(new DocumentTables(tables, this.#descriptor)), { signal });
  }
}

function found({ documents }: DocumentTables, filter: Filter | undefined): DocumentRow[] {
  return documents.filter((row) => filter === undefined || matches(filter, row.document));
}

function expected({ documents }: DocumentTables, id: string, options: VersionedCallOptions): DocumentRow | undefined {
  const row = documents.get(id);
  return options.expectedVersion === undefined || options.expectedVersion === row?.version ? row : undefined;
}
