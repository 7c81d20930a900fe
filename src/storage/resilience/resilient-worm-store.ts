import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import type { CallSubject } from "../observability/observed-operation.ts";
import type {
  AppendOptions,
  BatchOptions,
  StoredWormRecord,
  WormHead,
  WormIntegrity,
  WormQuery,
  WormRange,
  WormRecord,
  WormStore,
} from "../worm-store.ts";
import type { GuardedOperation, TierGuard } from "./tier-guard.ts";

/** The methods of a log, as a guard and an observer know them. */
export function wormOperations(guard: Pick<TierGuard, "operation">) {
  const repeatable = { isRepeatable: true };
  const read = (name: string): GuardedOperation => guard.operation(name, "storage.cold.read", repeatable);
  const append = (name: string, kind = {}): GuardedOperation => guard.operation(name, "storage.cold.append", kind);
  return {
    prepare: guard.operation("prepare", "storage.cold.append", { isRepeatable: true, isLong: true }),
    append: append("append"),
    appendBatch: append("appendBatch"),
    // What is at its place already is a success, so it can be sent again. Without a place it would be there twice.
    appendAtPlace: append("append", repeatable),
    appendBatchAtPlace: append("appendBatch", repeatable),
    get: read("get"),
    getRange: read("getRange"),
    stream: read("stream"),
    scan: read("scan"),
    query: read("query"),
    head: read("head"),
    count: read("count"),
    exists: read("exists"),
    verify: guard.operation("verifyIntegrity", "storage.cold.verify", { isRepeatable: true, isLong: true }),
  };
}

export interface ResilientWormStoreOptions {
  readonly guard: TierGuard;
  readonly operations: ReturnType<typeof wormOperations>;
  readonly subject: CallSubject;
}

export class ResilientWormStore<T> implements WormStore<T> {
  readonly #inner: WormStore<T>;
  readonly #options: ResilientWormStoreOptions;

  constructor(inner: WormStore<T>, options: ResilientWormStoreOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  append(document: T, options: AppendOptions): Promise<WormRecord<T>> {
    this.#options.guard.observer.recordAppend(1);
    const name = options.expectedSequence === undefined ? "append" : "appendAtPlace";
    return this.#run(name, options, () => this.#inner.append(document, options));
  }

  appendBatch(documents: readonly T[], options: BatchOptions): Promise<readonly WormRecord<T>[]> {
    this.#options.guard.observer.recordAppend(documents.length);
    const name = options.expectedSequence === undefined ? "appendBatch" : "appendBatchAtPlace";
    return this.#run(name, options, () => this.#inner.appendBatch(documents, options));
  }

  get(sequence: bigint, options?: CallOptions): Promise<WormRecord<T> | undefined> {
    return this.#run("get", options, () => this.#inner.get(sequence, options));
  }

  getRange(range?: WormRange): Promise<readonly WormRecord<T>[]> {
    return this.#run("getRange", range, () => this.#inner.getRange(range));
  }

  /** As one call without repetition or deadline: how long it takes is for its consumer to say. */
  stream(range?: WormRange & { readonly batchSize?: number | undefined }): AsyncIterable<WormRecord<T>> {
    const { guard, operations, subject } = this.#options;
    const call = { operation: operations.stream, subject, signal: range?.signal };
    return guard.stream(call, () => this.#inner.stream(range));
  }

  /** Like `stream`. */
  scan(range?: WormRange & { readonly batchSize?: number | undefined }): AsyncIterable<readonly StoredWormRecord[]> {
    const { guard, operations, subject } = this.#options;
    const call = { operation: operations.scan, subject, signal: range?.signal };
    return guard.stream(call, () => this.#inner.scan(range));
  }

  query(query?: WormQuery): Promise<readonly WormRecord<T>[]> {
    return this.#run("query", query, () => this.#inner.query(query));
  }

  head(options?: CallOptions): Promise<WormHead> {
    return this.#run("head", options, () => this.#inner.head(options));
  }

  count(filter?: Filter, options?: CallOptions): Promise<bigint> {
    return this.#run("count", options, () => this.#inner.count(filter, options));
  }

  exists(sequence: bigint, options?: CallOptions): Promise<boolean> {
    return this.#run("exists", options, () => this.#inner.exists(sequence, options));
  }

  verifyIntegrity(range?: WormRange): Promise<WormIntegrity> {
    return this.#run("verify", range, () => this.#inner.verifyIntegrity(range));
  }

  #run<R>(
    name: keyof ReturnType<typeof wormOperations>,
    options: CallOptions | undefined,
    work: () => Promise<R>,
  ): Promise<R> {
    const { guard, operations, subject } = this.#options;
    return guard.run({ operation: operations[name], subject, signal: options?.signal }, work);
  }
}
