import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type {
  CollectionDescriptor,
  DocumentBody,
  DocumentCapabilities,
  DocumentDatabase,
  DocumentStore,
} from "../document-store.ts";
import { databaseRecovery } from "./database-recovery.ts";
import { documentOperations, ResilientDocumentStore } from "./resilient-document-store.ts";
import { TierGuard, type TierGuardOptions } from "./tier-guard.ts";

/**
 * Documents behind a guard: while their engine is out of order every call rejects with `storage_unavailable` at once,
 * and so it does for as long as there are too many calls. Reads are repeated when the engine could not be reached;
 * writes never.
 */
export class ResilientDocumentDatabase implements DocumentDatabase {
  readonly guard: TierGuard;
  readonly #inner: DocumentDatabase;
  readonly #operations: ReturnType<typeof documentOperations>;

  constructor(inner: DocumentDatabase, options: TierGuardOptions) {
    this.#inner = inner;
    this.guard = new TierGuard(options, { recovery: databaseRecovery(inner, options) });
    this.#operations = documentOperations(this.guard);
  }

  get capabilities(): DocumentCapabilities {
    return this.#inner.capabilities;
  }

  prepare(collections: readonly CollectionDescriptor[]): Promise<void> {
    const call = { operation: this.#operations.prepare, subject: {}, signal: undefined };
    return this.guard.run(call, () => this.#inner.prepare(collections));
  }

  collection<T extends DocumentBody>(descriptor: CollectionDescriptor, tenantId: TenantId): DocumentStore<T> {
    const inner = this.#inner.collection<T>(descriptor, tenantId);
    const subject = { tenantId, collection: descriptor.name };
    return new ResilientDocumentStore(inner, { guard: this.guard, operations: this.#operations, subject });
  }

  /** Of the engine itself, also while it is not called for anything else. */
  async ping(options?: CallOptions): Promise<void> {
    await this.#inner.ping(options);
    await this.guard.breaker.tryNow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.guard.dispose();
    await this.#inner[Symbol.asyncDispose]();
  }
}

export function resilientDocumentDatabase(
  inner: DocumentDatabase,
  options: TierGuardOptions,
): ResilientDocumentDatabase {
  return new ResilientDocumentDatabase(inner, options);
}
