import type { TenantId } from "../../identifiers.ts";
import type { Entity, RecordScope, Repository, RepositoryDescriptor, TransactionOptions } from "../repository.ts";
import type { InMemorySession } from "./in-memory-database.ts";
import { InMemoryRepository } from "./in-memory-repository.ts";

/** Repositories in memory. A tenant's transactions run one after the other, so all of them are serializable. */
export class InMemoryRecordScope implements RecordScope {
  readonly #session: InMemorySession;
  readonly #tenantId: TenantId | undefined;

  /**
   * @param session of the tenant, or of everybody when there is no `tenantId`
   * @param tenantId the same that the session is bound to
   */
  constructor(session: InMemorySession, tenantId?: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  repository<T extends Entity>(descriptor: RepositoryDescriptor<T>): Repository<T> {
    return new InMemoryRepository(this.#session, descriptor, this.#tenantId);
  }

  transaction<R>(work: (scope: RecordScope) => Promise<R>, options?: TransactionOptions): Promise<R> {
    const bind = (session: InMemorySession): RecordScope => new InMemoryRecordScope(session, this.#tenantId);
    return this.#session.transaction((transaction) => work(bind(transaction)), options);
  }
}
