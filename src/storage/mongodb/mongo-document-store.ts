import type { Collection } from "mongodb";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type {
  CollectionDescriptor,
  DocumentBody,
  DocumentCapabilities,
  DocumentDatabase,
  DocumentStore,
} from "../document-store.ts";
import { DocumentCollection, recordExists } from "../documents/document-collection.ts";
import { PreparedCollections } from "../documents/prepared-collections.ts";
import type { MongoConnection } from "./connection.ts";
import type { StoredBody } from "./document-encoding.ts";
import { prepareIndexes, UniqueKeys } from "./document-indexes.ts";
import { MongoDocumentRows } from "./mongo-document-rows.ts";
import { DuplicateKey } from "./translate-error.ts";

/**
 * Documents in collections `documents_<name>`. The connection stays open when this is disposed of. Writes of several
 * documents take transactions, and so a replica set or a sharded cluster.
 */
export class MongoDocumentDatabase implements DocumentDatabase {
  readonly capabilities: DocumentCapabilities;
  readonly #connection: MongoConnection;
  readonly #prepared = new PreparedCollections();

  constructor(connection: MongoConnection) {
    this.#connection = connection;
    this.capabilities = { multiDocumentWrites: connection.features.transactions };
  }

  async prepare(collections: readonly CollectionDescriptor[]): Promise<void> {
    this.#prepared.check(collections);
    for (const descriptor of collections) await this.#prepare(descriptor);
    this.#prepared.add(collections);
  }

  collection<T extends DocumentBody>(descriptor: CollectionDescriptor, tenantId: TenantId): DocumentStore<T> {
    this.#prepared.requirePrepared(descriptor);
    const rows = new MongoDocumentRows({
      connection: this.#connection,
      collection: this.#collectionOf(descriptor),
      tenantId,
      uniqueKeys: new UniqueKeys(descriptor),
    });
    const { multiDocumentWrites } = this.capabilities;
    const { requireOpen } = this.#prepared;
    return new DocumentCollection<T>({ descriptor, rows, multiDocumentWrites, requireOpen });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    this.#prepared.requireOpen();
    await this.#connection.ping(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared.close();
  }

  async #prepare(descriptor: CollectionDescriptor): Promise<void> {
    try {
      await this.#connection.run(undefined, () => prepareIndexes(this.#collectionOf(descriptor), descriptor));
    } catch (error) {
      if (!(error instanceof DuplicateKey)) throw error;
      const unique = descriptor.indexes.find((index) => index.unique === true);
      throw recordExists(new UniqueKeys(descriptor).ruleOf(error.index) ?? unique?.name ?? "id");
    }
  }

  #collectionOf({ name }: CollectionDescriptor): Collection<StoredBody> {
    return this.#connection.database.collection<StoredBody>(`documents_${name}`);
  }
}
