import { isVaultError, VaultError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import {
  type CollectionDescriptor,
  DOCUMENT_LIMIT_DEFAULT,
  type DocumentBody,
  type DocumentQuery,
  type DocumentStore,
  type JsonMergePatch,
  type StoredDocument,
} from "../document-store.ts";
import type { Filter } from "../filter.ts";
import { sortKeysOf } from "../filters/sort-position.ts";
import { saysNothing, validateFilter, validateOrder } from "../filters/validate-filter.ts";
import { type Page, pageOf } from "../page.ts";
import type { VersionedCallOptions } from "../repository.ts";
import { decodePlace, encodePlace } from "./document-cursor.ts";
import {
  checkDocument,
  checkDocuments,
  checkPatch,
  isDocumentId,
  requireFew,
  requireLimit,
  requireVersion,
} from "./document-input.ts";
import type { CheckedDocument, DocumentRow, DocumentRows } from "./document-rows.ts";

export interface DocumentCollectionOptions {
  readonly descriptor: CollectionDescriptor;
  readonly rows: DocumentRows;
  /** Writes of several documents are all or nothing. */
  readonly multiDocumentWrites: boolean;
  /** Throws `closed`. */
  readonly requireOpen: () => void;
}

/** The part of a `DocumentStore` that all engines share: checks, cursors, and what a refused write is reported as. */
export class DocumentCollection<T extends DocumentBody> implements DocumentStore<T> {
  readonly #descriptor: CollectionDescriptor;
  readonly #rows: DocumentRows;
  readonly #multiDocumentWrites: boolean;
  readonly #requireOpen: () => void;

  constructor(options: DocumentCollectionOptions) {
    this.#descriptor = options.descriptor;
    this.#rows = options.rows;
    this.#multiDocumentWrites = options.multiDocumentWrites;
    this.#requireOpen = options.requireOpen;
  }

  async get(id: string, options: CallOptions = {}): Promise<StoredDocument<T> | undefined> {
    const [found] = await this.getMany([id], options);
    return found;
  }

  async getMany(ids: readonly string[], options: CallOptions = {}): Promise<readonly StoredDocument<T>[]> {
    this.#requireOpen();
    requireFew(ids.length);
    const wanted = [...new Set(ids)].filter(isDocumentId);
    if (wanted.length === 0) return [];
    const rows = await this.#rows.get(wanted, options);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return wanted.flatMap((id) => byId.get(id) ?? []).map((row) => stored<T>(row));
  }

  async query(query: DocumentQuery = {}): Promise<Page<StoredDocument<T>>> {
    this.#requireOpen();
    const { filter, orderBy = [], limit = DOCUMENT_LIMIT_DEFAULT, cursor } = query;
    requireLimit(limit);
    if (filter) validateFilter(filter);
    validateOrder(orderBy);
    const list = { collection: this.#descriptor.name, filter, orderBy };
    const after = cursor === undefined ? undefined : decodePlace(list, cursor);
    const rows = await this.#rows.scan({ filter, orderBy, after, limit: limit + 1 }, query);
    const place = ({ id, document }: DocumentRow) => encodePlace(list, sortKeysOf({ ...document, id }, orderBy));
    const { items, nextCursor } = pageOf(rows, limit, place);
    return { items: items.map((row) => stored<T>(row)), nextCursor };
  }

  async insert(document: T, options: CallOptions = {}): Promise<StoredDocument<T>> {
    this.#requireOpen();
    const checked = checkDocument(this.#descriptor, document);
    await this.#rows.insert([checked], options);
    return written<T>(checked, 1);
  }

  async insertMany(documents: readonly T[], options: CallOptions = {}): Promise<void> {
    this.#requireOpen();
    const checked = checkDocuments(this.#descriptor, documents);
    if (checked.length > 1) this.#requireMultiDocumentWrites();
    if (checked.length > 0) await this.#rows.insert(checked, options);
  }

  async replace(document: T, options: VersionedCallOptions = {}): Promise<StoredDocument<T>> {
    this.#requireOpen();
    requireVersion(options.expectedVersion);
    const checked = checkDocument(this.#descriptor, document);
    const version = await this.#rows.replace(checked, options);
    if (version === undefined) throw await this.#refusal(checked.id, options);
    return written<T>(checked, version);
  }

  async upsert(document: T, options: VersionedCallOptions = {}): Promise<StoredDocument<T>> {
    this.#requireOpen();
    const { expectedVersion } = options;
    requireVersion(expectedVersion);
    const checked = checkDocument(this.#descriptor, document);
    if (expectedVersion === 0) return this.#insertNew(checked, options);
    if (expectedVersion === undefined) return written<T>(checked, await this.#rows.upsert(checked, options));
    const version = await this.#rows.replace(checked, options);
    if (version === undefined) throw versionMismatch(expectedVersion);
    return written<T>(checked, version);
  }

  async patch(id: string, patch: JsonMergePatch, options: VersionedCallOptions = {}): Promise<StoredDocument<T>> {
    this.#requireOpen();
    requireVersion(options.expectedVersion);
    const checked = checkPatch(this.#descriptor, id, patch);
    const row = isDocumentId(id) ? await this.#rows.patch(checked, options) : undefined;
    if (row === undefined) throw await this.#refusal(id, options);
    return stored<T>(row);
  }

  async delete(id: string, options: VersionedCallOptions = {}): Promise<boolean> {
    this.#requireOpen();
    requireVersion(options.expectedVersion);
    if (!isDocumentId(id)) return false;
    if (await this.#rows.delete(id, options)) return true;
    if (options.expectedVersion !== undefined && (await this.exists(id, options))) {
      throw versionMismatch(options.expectedVersion);
    }
    return false;
  }

  async deleteMany(filter: Filter, options: CallOptions & { readonly allowAll?: true } = {}): Promise<number> {
    this.#requireOpen();
    validateFilter(filter);
    if (options.allowAll !== true && saysNothing(filter)) {
      throw new VaultError("invalid_filter", "The filter holds for every document.", {
        hint: "Give `allowAll` to delete everything.",
      });
    }
    if (!this.#multiDocumentWrites) return this.#deleteOne(filter, options);
    return this.#rows.deleteMany(filter, options);
  }

  async exists(id: string, options: CallOptions = {}): Promise<boolean> {
    this.#requireOpen();
    return isDocumentId(id) && this.#rows.exists(id, options);
  }

  async count(filter?: Filter, options: CallOptions = {}): Promise<number> {
    this.#requireOpen();
    if (filter) validateFilter(filter);
    return this.#rows.count(filter, options);
  }

  /** One document is deleted in one step anyway; if it changes before that, nothing is, and it is looked for again. */
  async #deleteOne(filter: Filter, options: CallOptions): Promise<number> {
    for (;;) {
      const [found, another] = await this.#rows.scan({ filter, orderBy: [], after: undefined, limit: 2 }, options);
      if (found === undefined) return 0;
      if (another !== undefined) this.#requireMultiDocumentWrites();
      if (await this.#rows.delete(found.id, { ...options, expectedVersion: found.version })) return 1;
    }
  }

  async #insertNew(checked: CheckedDocument, options: CallOptions): Promise<StoredDocument<T>> {
    try {
      await this.#rows.insert([checked], options);
    } catch (error) {
      throw isVaultError(error, "record_exists") && error.details["rule"] === "id" ? versionMismatch(0) : error;
    }
    return written<T>(checked, 1);
  }

  async #refusal(id: string, options: VersionedCallOptions): Promise<VaultError> {
    const { expectedVersion } = options;
    const isThere = expectedVersion !== undefined && (await this.exists(id, options));
    return isThere
      ? versionMismatch(expectedVersion)
      : new VaultError("record_not_found", "The collection has no document of this id.");
  }

  #requireMultiDocumentWrites(): void {
    if (this.#multiDocumentWrites) return;
    throw new VaultError("unsupported", "This engine cannot write several documents in one step.", {
      hint: "Write one document at a time, or use an engine whose capabilities say `multiDocumentWrites`.",
    });
  }
}

function stored<T extends DocumentBody>({ document, version }: DocumentRow): StoredDocument<T> {
  return { document: document as T, version };
}

function written<T extends DocumentBody>({ document }: CheckedDocument, version: number): StoredDocument<T> {
  return { document: document as T, version };
}

function versionMismatch(expectedVersion: number): VaultError {
  return new VaultError("version_mismatch", "The document is not there in the expected version.", {
    details: { expectedVersion },
  });
}

/** @param rule `id` or the name of a unique index */
export function recordExists(rule: string): VaultError {
  const text = rule === "id" ? "A document of this id exists." : `Another document has the values of ${rule}.`;
  return new VaultError("record_exists", text, { details: { rule } });
}
