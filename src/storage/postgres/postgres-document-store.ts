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
import { untilAborted } from "../until-aborted.ts";
import { DocumentStatements } from "./document-statements.ts";
import { PostgresDocumentRows } from "./postgres-document-rows.ts";
import { prepareDocuments } from "./prepare-documents.ts";
import { ConstraintViolation, type SqlDatabase } from "./sql-database.ts";

/**
 * Documents in the table `documents`. The database is migrated before, and stays open when this is disposed of.
 */
export class PostgresDocumentDatabase implements DocumentDatabase {
  readonly capabilities: DocumentCapabilities = { multiDocumentWrites: true };
  readonly #database: SqlDatabase;
  readonly #prepared = new PreparedCollections();
  readonly #statements = new Map<string, DocumentStatements>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async prepare(collections: readonly CollectionDescriptor[]): Promise<void> {
    this.#prepared.check(collections);
    const statements = new Map(collections.map((descriptor) => [descriptor.name, new DocumentStatements(descriptor)]));
    try {
      await this.#database.asOwner((owner) => prepareDocuments(owner, collections));
    } catch (error) {
      if (!(error instanceof ConstraintViolation)) throw error;
      throw recordExists([...statements.values()].map((one) => one.ruleOf(error.constraint)).find(isRule) ?? "id");
    }
    for (const [name, own] of statements) this.#statements.set(name, own);
    this.#prepared.add(collections);
  }

  collection<T extends DocumentBody>(descriptor: CollectionDescriptor, tenantId: TenantId): DocumentStore<T> {
    this.#prepared.requirePrepared(descriptor);
    const statements = this.#statements.get(descriptor.name) ?? new DocumentStatements(descriptor);
    const session = this.#database.forTenant(tenantId);
    const rows = new PostgresDocumentRows({ session, tenantId, descriptor, statements });
    const { requireOpen } = this.#prepared;
    return new DocumentCollection<T>({ descriptor, rows, multiDocumentWrites: true, requireOpen });
  }

  async ping({ signal }: CallOptions = {}): Promise<void> {
    this.#prepared.requireOpen();
    await untilAborted(signal, () => this.#database.ping());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#prepared.close();
  }
}

function isRule(rule: string): boolean {
  return rule !== "id";
}
