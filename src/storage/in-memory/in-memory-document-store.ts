import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type {
  CollectionDescriptor,
  DocumentBody,
  DocumentCapabilities,
  DocumentDatabase,
  DocumentStore,
} from "../document-store.ts";
import { DocumentCollection } from "../documents/document-collection.ts";
import { PreparedCollections } from "../documents/prepared-collections.ts";
import type { InMemoryDatabase } from "./in-memory-database.ts";
import { InMemoryDocumentRows } from "./in-memory-document-rows.ts";
import { DocumentTables } from "./in-memory-document-tables.ts";

/** Documents in the tables of an in-process database, which stays open when this is disposed of. */
export class InMemoryDocumentDatabase implements DocumentDatabase {
  readonly capabilities: DocumentCapabilities = { multiDocumentWrites: true };
  readonly #database: InMemoryDatabase;
  readonly #prepared = new PreparedCollections();

  constructor(database: InMemoryDatabase) {
    this.#database = database;
  }

  async prepare(collections: readonly CollectionDescriptor[]): Promise<void> {
    this.#prepared.check(collections);
    await this.#database.everybody().run((everybody) => {
      for (const tables of everybody.everyTenant()) {
        for (const descriptor of collections) new DocumentTables(tables, descriptor).rebuildIndexes();
      }
    });
    this.#prepared.add(collections);
  }

  collection<T extends DocumentBody>(descriptor: CollectionDescriptor, tenantId: TenantId): DocumentStore<T> {
    this.#prepared.requirePrepared(descriptor);
    const rows = new InMemoryDocumentRows(this.#database.forTenant(tenantId), descriptor);
    const { requireOpen } = this.#prepared;
    return new DocumentCollection<T>({ descriptor, rows, multiDocumentWrites: true, requireOpen });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    this.#prepared.requireOpen();
    await this.#database.platform().run(() => undefined, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared.close();
  }
}
