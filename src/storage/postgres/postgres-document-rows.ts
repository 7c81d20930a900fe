import type { TenantId } from "../../identifiers.ts";
import type { JsonObject } from "../../json.ts";
import { compareText } from "../../text-order.ts";
import type { CallOptions } from "../call-options.ts";
import { type CollectionDescriptor, DOCUMENT_BYTES_MAX } from "../document-store.ts";
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
import type { VersionedCallOptions } from "../repository.ts";
import type { DocumentStatements } from "./document-statements.ts";
import { DELETE, EXISTS, GET, INSERT, PATCH, REPLACE, UPSERT } from "./document-statements.ts";
import { ConstraintViolation, type SqlRow, type SqlSession, type SqlStatement } from "./sql-database.ts";

export interface PostgresDocumentRowsOptions {
  readonly session: SqlSession;
  readonly tenantId: TenantId;
  readonly descriptor: CollectionDescriptor;
  readonly statements: DocumentStatements;
}

type BodyRow = { readonly id: string; readonly version: string; readonly body: JsonObject };
type VersionRow = { readonly version: string };
type CountRow = { readonly count: string };

export class PostgresDocumentRows implements DocumentRows {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;
  readonly #collection: string;
  readonly #statements: DocumentStatements;

  constructor({ session, tenantId, descriptor, statements }: PostgresDocumentRowsOptions) {
    this.#session = session;
    this.#tenantId = tenantId;
    this.#collection = descriptor.name;
    this.#statements = statements;
  }

  async get(ids: readonly string[], options: CallOptions): Promise<readonly DocumentRow[]> {
    return (await this.#query<BodyRow>(GET, [ids], options)).map(rowOf);
  }

  async scan(scan: DocumentScan, options: CallOptions): Promise<readonly DocumentRow[]> {
    const { statement, values } = this.#statements.scan(scan);
    return (await this.#query<BodyRow>(statement, values, options)).map(rowOf);
  }

  async count(filter: Filter | undefined, options: CallOptions): Promise<number> {
    const { statement, values } = this.#statements.count(filter);
    return countOf(await this.#query<CountRow>(statement, values, options));
  }

  async exists(id: string, options: CallOptions): Promise<boolean> {
    return (await this.#query(EXISTS, [id], options)).length > 0;
  }

  async insert(documents: readonly CheckedDocument[], options: CallOptions): Promise<void> {
    // Those who insert the same documents at once wait for each other in one order, and not in a circle.
    const sorted = documents.toSorted((left, right) => compareText(left.id, right.id));
    const columns = [sorted.map(({ id }) => id), sorted.map(({ json }) => json)];
    await this.#write(INSERT, [this.#tenantId, ...columns], options);
  }

  async replace({ id, json }: CheckedDocument, options: VersionedCallOptions): Promise<number | undefined> {
    const [row] = await this.#write<VersionRow>(REPLACE, [id, json, options.expectedVersion ?? null], options);
    return row && Number(row.version);
  }

  async upsert({ id, json }: CheckedDocument, options: CallOptions): Promise<number> {
    const [row] = await this.#write<VersionRow>(UPSERT, [this.#tenantId, id, json], options);
    return Number(row?.version);
  }

  /**
   * The server merges, on the row as it is once it is locked. Its text of a document is at least as long as the
   * document's JSON, so that a document that may become too long is left to be merged and measured here.
   */
  async patch(patch: CheckedPatch, options: VersionedCallOptions): Promise<DocumentRow | undefined> {
    const room = DOCUMENT_BYTES_MAX - Buffer.byteLength(patch.json);
    const values = [patch.id, patch.json, options.expectedVersion ?? null, room];
    const [row] = await this.#write<BodyRow>(PATCH, values, options);
    return row ? rowOf(row) : this.#patchLong(patch, options);
  }

  async delete(id: string, options: VersionedCallOptions): Promise<boolean> {
    return (await this.#query(DELETE, [id, options.expectedVersion ?? null], options)).length > 0;
  }

  async deleteMany(filter: Filter, options: CallOptions): Promise<number> {
    const { statement, values } = this.#statements.deleteMany(filter);
    return countOf(await this.#query<CountRow>(statement, values, options));
  }

  /** Whoever is in the way has changed the document, so that this ends. */
  async #patchLong({ id, patch }: CheckedPatch, options: VersionedCallOptions): Promise<DocumentRow | undefined> {
    for (;;) {
      const [row] = await this.get([id], options);
      if (row === undefined || (options.expectedVersion ?? row.version) !== row.version) return undefined;
      const json = JSON.stringify(mergePatch(row.document, patch));
      checkLength(json);
      const [written] = await this.#write<VersionRow>(REPLACE, [id, json, row.version], options);
      if (written) return { id, version: Number(written.version), document: JSON.parse(json) as JsonObject };
    }
  }

  #query<Row extends SqlRow>(
    statement: SqlStatement,
    values: readonly unknown[],
    { signal }: CallOptions,
  ): Promise<Row[]> {
    return this.#session.query<Row>(statement, [this.#collection, ...values], { signal });
  }

  async #write<Row extends SqlRow>(
    statement: SqlStatement,
    values: readonly unknown[],
    options: CallOptions,
  ): Promise<Row[]> {
    try {
      return await this.#query<Row>(statement, values, options);
    } catch (error) {
      if (!(error instanceof ConstraintViolation) || error.rule !== "unique") throw error;
      throw recordExists(this.#statements.ruleOf(error.constraint));
    }
  }
}

function rowOf({ id, version, body }: BodyRow): DocumentRow {
  return { id, version: Number(version), document: body };
}

function countOf([row]: readonly CountRow[]): number {
  return Number(row?.count);
}
