import type { Collection, Document, FindOptions, UpdateFilter } from "mongodb";
import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { DocumentBody } from "../document-store.ts";
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
import type { VersionedCallOptions } from "../repository.ts";
import type { MongoConnection, MongoContext } from "./connection.ts";
import { decodeObject, encodeObject, type StoredBody } from "./document-encoding.ts";
import { compileAfter, compileFilter, compileOrder, hasElementFilter } from "./document-filter.ts";
import type { UniqueKeys } from "./document-indexes.ts";
import { DuplicateKey } from "./translate-error.ts";

export interface MongoDocumentRowsOptions {
  readonly connection: MongoConnection;
  readonly collection: Collection<StoredBody>;
  readonly tenantId: TenantId;
  readonly uniqueKeys: UniqueKeys;
}

/** How often a patch is tried on a document that others change; whoever was faster got further. */
const PATCH_ATTEMPTS = 500;
const UPSERT_ATTEMPTS = 5;
const BATCH_SIZE = 200;

export class MongoDocumentRows implements DocumentRows {
  readonly #connection: MongoConnection;
  readonly #collection: Collection<StoredBody>;
  readonly #tenantId: TenantId;
  readonly #uniqueKeys: UniqueKeys;

  constructor({ connection, collection, tenantId, uniqueKeys }: MongoDocumentRowsOptions) {
    this.#connection = connection;
    this.#collection = collection;
    this.#tenantId = tenantId;
    this.#uniqueKeys = uniqueKeys;
  }

  get(ids: readonly string[], options: CallOptions): Promise<readonly DocumentRow[]> {
    return this.#connection.run(options, async ({ read }) => {
      const [only = "", ...others] = ids.map((id) => this.#keyOf(id));
      // Some servers find one id by index only when it stands alone.
      const condition = others.length === 0 ? { _id: only } : { _id: { $in: [only, ...others] } };
      const found = await this.#collection.find(condition, read).toArray();
      return found.map((document) => this.#rowOf(document));
    });
  }

  scan(scan: DocumentScan, options: CallOptions): Promise<readonly DocumentRow[]> {
    const sort = compileOrder(scan.orderBy);
    return this.#connection.run(options, async ({ read }) => {
      const rows: DocumentRow[] = [];
      for await (const row of this.#find(scan, { ...read, sort, limit: scan.limit })) {
        rows.push(row);
        if (rows.length === scan.limit) break;
      }
      return rows;
    });
  }

  count(filter: Filter | undefined, options: CallOptions): Promise<number> {
    return this.#connection.run(options, async ({ read }) => {
      if (this.#isDecidedByServer(filter)) {
        return this.#collection.countDocuments(this.#condition({ filter }), read);
      }
      let count = 0;
      for await (const _ of this.#find({ filter }, read)) count++;
      return count;
    });
  }

  exists(id: string, options: CallOptions): Promise<boolean> {
    return this.#connection.run(options, async ({ read }) => {
      const found = await this.#collection.findOne({ _id: this.#keyOf(id) }, { ...read, projection: { _id: 1 } });
      return found !== null;
    });
  }

  async insert(documents: readonly CheckedDocument[], options: CallOptions): Promise<void> {
    const [only, ...others] = documents.map((checked) => ({ ...this.#storedOf(checked), version: 1 }));
    if (only === undefined) return;
    const insert =
      others.length === 0
        ? this.#connection.run(options, ({ write }) => this.#collection.insertOne(only, write))
        : this.#connection.transaction(options, ({ write }) => this.#collection.insertMany([only, ...others], write));
    await insert.catch((error: unknown) => this.#refuse(error, documents, options));
  }

  replace(checked: CheckedDocument, options: VersionedCallOptions): Promise<number | undefined> {
    return this.#set(checked, options);
  }

  async upsert(checked: CheckedDocument, options: CallOptions): Promise<number> {
    const { _id, ...stored } = this.#storedOf(checked);
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.#connection.run(options, ({ write }) =>
          this.#collection.findOneAndUpdate(
            { _id },
            { $set: stored, $inc: { version: 1 } },
            { ...write, upsert: true, returnDocument: "after" },
          ),
        );
        return Number(result?.version);
      } catch (error) {
        // Two that insert at once may both find nothing, and one of them is then refused by the id.
        const isRace = error instanceof DuplicateKey && error.index === "_id_" && attempt < UPSERT_ATTEMPTS;
        if (!isRace) return this.#refuse(error, [checked], options);
      }
    }
  }

  async patch({ id, patch }: CheckedPatch, options: VersionedCallOptions): Promise<DocumentRow | undefined> {
    for (let attempt = 1; attempt <= PATCH_ATTEMPTS; attempt++) {
      const [row] = await this.get([id], options);
      if (row === undefined || (options.expectedVersion ?? row.version) !== row.version) return undefined;
      const json = JSON.stringify(mergePatch(row.document, patch));
      checkLength(json);
      const document = JSON.parse(json) as DocumentBody;
      const version = await this.#set({ id, document, json }, { ...options, expectedVersion: row.version });
      if (version !== undefined) return { id, version, document };
    }
    throw new VaultError("write_conflict", "Others changed the document again and again.");
  }

  delete(id: string, { expectedVersion, ...options }: VersionedCallOptions): Promise<boolean> {
    return this.#connection.run(options, async ({ write }) => {
      const { deletedCount } = await this.#collection.deleteOne(this.#versioned(id, expectedVersion), write);
      return deletedCount === 1;
    });
  }

  async deleteMany(filter: Filter, options: CallOptions): Promise<number> {
    if (!this.#isDecidedByServer(filter)) {
      throw new VaultError("unsupported", "This server cannot delete by conditions of elements.");
    }
    const condition = this.#condition({ filter });
    const { deletedCount } = await this.#connection.transaction(options, ({ write }) =>
      this.#collection.deleteMany(condition, write),
    );
    return deletedCount;
  }

  async #set(checked: CheckedDocument, options: VersionedCallOptions): Promise<number | undefined> {
    const { body, keys } = this.#storedOf(checked);
    const change = { $set: { body, keys }, $inc: { version: 1 } };
    try {
      return await this.#connection.run(options, (context) =>
        this.#update({ change, id: checked.id, expectedVersion: options.expectedVersion }, context),
      );
    } catch (error) {
      return this.#refuse(error, [checked], options);
    }
  }

  /** Only a version that is not known has to be asked for, and the document comes with it. */
  async #update(
    {
      id,
      expectedVersion,
      change,
    }: { id: string; expectedVersion: number | undefined; change: UpdateFilter<StoredBody> },
    { write }: MongoContext,
  ): Promise<number | undefined> {
    const filter = this.#versioned(id, expectedVersion);
    if (expectedVersion !== undefined) {
      const { matchedCount } = await this.#collection.updateOne(filter, change, write);
      return matchedCount === 1 ? expectedVersion + 1 : undefined;
    }
    const updated = await this.#collection.findOneAndUpdate(filter, change, { ...write, returnDocument: "after" });
    return updated === null ? undefined : Number(updated.version);
  }

  /** In the order of `options.sort`. What the server cannot decide is decided here, batch by batch. */
  async *#find(
    scan: Pick<DocumentScan, "filter"> & Partial<DocumentScan>,
    options: FindOptions,
  ): AsyncGenerator<DocumentRow> {
    const { filter } = scan;
    const isDecided = this.#isDecidedByServer(filter);
    const { limit: _, ...unlimited } = options;
    const found = this.#collection.find(
      this.#condition(scan),
      isDecided ? options : { ...unlimited, batchSize: BATCH_SIZE },
    );
    for await (const document of found) {
      const row = this.#rowOf(document);
      if (isDecided || filter === undefined || matches(filter, row.document)) yield row;
    }
  }

  #isDecidedByServer(filter: Filter | undefined): boolean {
    return this.#connection.features.elementFilters || filter === undefined || !hasElementFilter(filter);
  }

  #condition({ filter, orderBy, after }: Pick<DocumentScan, "filter"> & Partial<DocumentScan>): Document {
    const own = { tenant: this.#tenantId, _id: { $gte: `${this.#tenantId}/`, $lt: `${this.#tenantId}0` } };
    const parts: Document[] = [own];
    if (filter) parts.push(compileFilter(filter, this.#connection.features.elementFilters ? "exact" : "superset"));
    if (after) parts.push(compileAfter(orderBy ?? [], after, { _id: { $gt: this.#keyOf(after.id) } }));
    return parts.length === 1 ? own : { $and: parts };
  }

  #keyOf(id: string): string {
    return `${this.#tenantId}/${id}`;
  }

  #versioned(id: string, expectedVersion: number | undefined): Document {
    return { _id: this.#keyOf(id), ...(expectedVersion !== undefined && { version: expectedVersion }) };
  }

  #storedOf({ id, document }: CheckedDocument): Omit<StoredBody, "version"> {
    const keys = this.#uniqueKeys.keysOf(this.#keyOf(id), { tenant: this.#tenantId, document });
    return { _id: this.#keyOf(id), tenant: this.#tenantId, keys, body: encodeObject(document) };
  }

  #rowOf({ _id, version, body }: StoredBody): DocumentRow {
    return { id: _id.slice(this.#tenantId.length + 1), version: Number(version), document: decodeObject(body) };
  }

  /** Not every server tells which index refused: then whoever has the id or a value is looked for. */
  async #refuse(error: unknown, documents: readonly CheckedDocument[], options: CallOptions): Promise<never> {
    if (!(error instanceof DuplicateKey)) throw error;
    const rule = this.#uniqueKeys.ruleOf(error.index) ?? (await this.#takenRule(documents, options));
    throw recordExists(rule ?? "id");
  }

  async #takenRule(documents: readonly CheckedDocument[], options: CallOptions): Promise<string | undefined> {
    for (const { _id, keys } of documents.map((checked) => this.#storedOf(checked))) {
      for (const [key, value] of Object.entries(keys)) {
        const taken = { [`keys.${key}`]: value, _id: { $ne: _id } };
        const owner = await this.#connection.run(options, ({ read }) => this.#collection.findOne(taken, read));
        if (owner !== null) return this.#uniqueKeys.ruleOf(key);
      }
    }
    return undefined;
  }
}
