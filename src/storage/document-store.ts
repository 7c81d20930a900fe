import type { TenantId } from "../identifiers.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { CallOptions } from "./call-options.ts";
import type { Filter, FilterPath, OrderKey } from "./filter.ts";
import type { Page } from "./page.ts";
import type { VersionedCallOptions } from "./repository.ts";

/*
 * The warm tier of documents: JSON of any shape. Every method rejects with `storage_unavailable`, `storage_timeout`,
 * `aborted` and `closed`; methods that take a document with `invalid_value` when it cannot be stored and
 * `limit_exceeded` when its JSON is longer than 4 MiB; methods that take a filter or an order with `invalid_filter`;
 * methods that take a limit or an expected version with `invalid_request` when it is none. Writes reject with
 * `write_conflict` when others were in their way again and again.
 */

/**
 * Ids are 1 to 256 characters of well-formed text without NUL. They compare as texts, by code point. A text that is no
 * id is the id of nothing.
 */
export type DocumentBody = JsonObject & { readonly id: string };

/** Bytes of a document's JSON in UTF-8, at most. An engine with a narrower limit rejects with `limit_exceeded` too. */
export const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;
/** Documents of one call, at most. */
export const DOCUMENTS_AT_ONCE_MAX = 1_000;
/** Bytes of the JSON of all documents of one call, at most. */
export const DOCUMENTS_BYTES_MAX = 64 * 1024 * 1024;
/** Characters (code points) of a text at the path of an index, at most; a longer one is `invalid_value`. */
export const INDEXED_TEXT_LENGTH_MAX = 512;
export const DOCUMENT_LIMIT_DEFAULT = 100;
export const DOCUMENT_LIMIT_MAX = 1_000;

export interface StoredDocument<T extends DocumentBody> {
  /**
   * What was stored, to the last unknown member: `null` is not absent, arrays keep their order, numbers their value,
   * and `-0` is `0`. Members have no order. Frozen or fresh: who changes it does not change what is stored.
   */
  readonly document: T;
  /** 1 when it is inserted, 1 more with every write. */
  readonly version: number;
}

export interface DocumentIndex {
  /** Lower-case letters, digits and `_`; unique within the collection; at most 32 characters. */
  readonly name: string;
  readonly path: FilterPath;
  /** What is compared; other types at the path are not in the index, and a unique index does not look at them. */
  readonly type: "string" | "number";
  /** Among the documents of one tenant. */
  readonly unique?: true | undefined;
}

/** How documents of one kind are kept. Declared once, as a constant. */
export interface CollectionDescriptor {
  /** Lower-case letters, digits and `_`, beginning with a letter; at most 32 characters. */
  readonly name: string;
  readonly indexes: readonly DocumentIndex[];
}

export interface DocumentCapabilities {
  /**
   * Writes of several documents are all or nothing. Without it `insertMany` and `deleteMany` reject with `unsupported`
   * beyond one document.
   */
  readonly multiDocumentWrites: boolean;
}

export interface DocumentQuery extends CallOptions {
  readonly filter?: Filter | undefined;
  readonly orderBy?: readonly OrderKey[] | undefined;
  /** 1 to 1,000; 100 when left out. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** RFC 7396: `null` removes a member, objects are merged, anything else replaces. */
export type JsonMergePatch = { readonly [member: string]: JsonValue };

/** The documents of one collection of one tenant. Documents of other tenants do not exist for it. */
export interface DocumentStore<T extends DocumentBody = DocumentBody> {
  get(id: string, options?: CallOptions): Promise<StoredDocument<T> | undefined>;
  /**
   * One round trip; at most 1,000, more are `limit_exceeded`. In the order of the ids; each once, and none for an id
   * that is not there.
   */
  getMany(ids: readonly string[], options?: CallOptions): Promise<readonly StoredDocument<T>[]>;
  /** In the given order, then by id. Rejects with `invalid_cursor`. */
  query(query?: DocumentQuery): Promise<Page<StoredDocument<T>>>;
  /** Rejects with `record_exists`, whose details name the `rule`: `id` or a unique index. */
  insert(document: T, options?: CallOptions): Promise<StoredDocument<T>>;
  /** All or none; at most 1,000 of 64 MiB together, more are `limit_exceeded`. Rejects like `insert`. */
  insertMany(documents: readonly T[], options?: CallOptions): Promise<void>;
  /** The whole of it. Rejects with `record_not_found`, `version_mismatch` and `record_exists` (of a unique index). */
  replace(document: T, options?: VersionedCallOptions): Promise<StoredDocument<T>>;
  /**
   * Inserts or replaces: one step, however many do it at once. With an expected version it has to be there in that
   * version; with 0 it must not be there. Rejects with `version_mismatch` and `record_exists` (of a unique index).
   */
  upsert(document: T, options?: VersionedCallOptions): Promise<StoredDocument<T>>;
  /**
   * Changes members and leaves the others: one step, so that two patches of different members both count. The id stays:
   * a patch that names another one is `invalid_value`. Rejects with `record_not_found`, `version_mismatch` and
   * `record_exists`.
   */
  patch(id: string, patch: JsonMergePatch, options?: VersionedCallOptions): Promise<StoredDocument<T>>;
  /** Whether there was one. Rejects with `version_mismatch` when there is one in another version. */
  delete(id: string, options?: VersionedCallOptions): Promise<boolean>;
  /**
   * How many. A filter that holds for everything, such as `and` of nothing, is `invalid_filter` unless `allowAll` is
   * given.
   */
  deleteMany(filter: Filter, options?: CallOptions & { readonly allowAll?: true }): Promise<number>;
  exists(id: string, options?: CallOptions): Promise<boolean>;
  /** Exact. */
  count(filter?: Filter, options?: CallOptions): Promise<number>;
}

/** An engine of documents. */
export interface DocumentDatabase extends AsyncDisposable {
  readonly capabilities: DocumentCapabilities;
  /**
   * Makes what the collections need, their indexes above all, and removes indexes of theirs that are not declared any
   * more. Again and again, by several processes at once, it does no harm. Rejects with `record_exists` when documents
   * that are there break a new unique index, with `invalid_request` for a descriptor that breaks its rules, and with
   * `invalid_filter` for a path that does.
   */
  prepare(collections: readonly CollectionDescriptor[]): Promise<void>;
  /** Of a prepared collection. Cheap. */
  collection<T extends DocumentBody>(descriptor: CollectionDescriptor, tenantId: TenantId): DocumentStore<T>;
  /** A sign of life. */
  ping(options?: CallOptions): Promise<void>;
}
