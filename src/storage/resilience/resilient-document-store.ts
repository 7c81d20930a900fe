import type { CallOptions } from "../call-options.ts";
import type { DocumentBody, DocumentQuery, DocumentStore, JsonMergePatch, StoredDocument } from "../document-store.ts";
import type { Filter } from "../filter.ts";
import type { CallSubject } from "../observability/observed-operation.ts";
import type { Page } from "../page.ts";
import type { VersionedCallOptions } from "../repository.ts";
import type { GuardedOperation, TierGuard } from "./tier-guard.ts";

/** The methods of a document store, as a guard and an observer know them. */
export function documentOperations(guard: Pick<TierGuard, "operation">) {
  const read = (name: string): GuardedOperation => guard.operation(name, "storage.warm.query", { isRepeatable: true });
  const write = (name: string): GuardedOperation => guard.operation(name, "storage.warm.save");
  return {
    prepare: guard.operation("prepare", "storage.warm.save", { isRepeatable: true, isLong: true }),
    get: read("get"),
    getMany: read("getMany"),
    query: read("query"),
    exists: read("exists"),
    count: read("count"),
    insert: write("insert"),
    insertMany: write("insertMany"),
    replace: write("replace"),
    upsert: write("upsert"),
    patch: write("patch"),
    delete: write("delete"),
    deleteMany: write("deleteMany"),
  };
}

export interface ResilientDocumentStoreOptions {
  readonly guard: TierGuard;
  readonly operations: ReturnType<typeof documentOperations>;
  readonly subject: CallSubject;
}

export class ResilientDocumentStore<T extends DocumentBody> implements DocumentStore<T> {
  readonly #inner: DocumentStore<T>;
  readonly #options: ResilientDocumentStoreOptions;

  constructor(inner: DocumentStore<T>, options: ResilientDocumentStoreOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  get(id: string, options?: CallOptions): Promise<StoredDocument<T> | undefined> {
    return this.#run("get", options, () => this.#inner.get(id, options));
  }

  getMany(ids: readonly string[], options?: CallOptions): Promise<readonly StoredDocument<T>[]> {
    return this.#run("getMany", options, () => this.#inner.getMany(ids, options));
  }

  query(query?: DocumentQuery): Promise<Page<StoredDocument<T>>> {
    return this.#run("query", query, () => this.#inner.query(query));
  }

  insert(document: T, options?: CallOptions): Promise<StoredDocument<T>> {
    return this.#run("insert", options, () => this.#inner.insert(document, options));
  }

  insertMany(documents: readonly T[], options?: CallOptions): Promise<void> {
    return this.#run("insertMany", options, () => this.#inner.insertMany(documents, options));
  }

  replace(document: T, options?: VersionedCallOptions): Promise<StoredDocument<T>> {
    return this.#run("replace", options, () => this.#inner.replace(document, options));
  }

  upsert(document: T, options?: VersionedCallOptions): Promise<StoredDocument<T>> {
    return this.#run("upsert", options, () => this.#inner.upsert(document, options));
  }

  patch(id: string, patch: JsonMergePatch, options?: VersionedCallOptions): Promise<StoredDocument<T>> {
    return this.#run("patch", options, () => this.#inner.patch(id, patch, options));
  }

  delete(id: string, options?: VersionedCallOptions): Promise<boolean> {
    return this.#run("delete", options, () => this.#inner.delete(id, options));
  }

  deleteMany(filter: Filter, options?: CallOptions & { readonly allowAll?: true }): Promise<number> {
    return this.#run("deleteMany", options, () => this.#inner.deleteMany(filter, options));
  }

  exists(id: string, options?: CallOptions): Promise<boolean> {
    return this.#run("exists", options, () => this.#inner.exists(id, options));
  }

  count(filter?: Filter, options?: CallOptions): Promise<number> {
    return this.#run("count", options, () => this.#inner.count(filter, options));
  }

  #run<R>(
    name: keyof ReturnType<typeof documentOperations>,
    options: CallOptions | undefined,
    work: () => Promise<R>,
  ): Promise<R> {
    const { guard, operations, subject } = this.#options;
    return guard.run({ operation: operations[name], subject, signal: options?.signal }, work);
  }
}
