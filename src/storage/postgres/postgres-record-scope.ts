import type { TenantId } from "../../identifiers.ts";
import type { Entity, RecordScope, Repository, RepositoryDescriptor, TransactionOptions } from "../repository.ts";
import { PostgresRepository } from "./postgres-repository.ts";
import type { SqlSession } from "./sql-database.ts";

/** Repositories over the tables of a migrated database. */
export class PostgresRecordScope implements RecordScope {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId | undefined;

  /**
   * @param session of the tenant, or of the platform when there is no `tenantId`
   * @param tenantId the same that the session is bound to
   */
  constructor(session: SqlSession, tenantId?: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
  }

  repository<T extends Entity>(descriptor: RepositoryDescriptor<T>): Repository<T> {
    return new PostgresRepository(this.#session, descriptor, this.#tenantId);
  }

  transaction<R>(work: (scope: RecordScope) => Promise<R>, options?: TransactionOptions): Promise<R> {
    const bind = (session: SqlSession): RecordScope => new PostgresRecordScope(session, this.#tenantId);
    return this.#session.transaction((transaction) => work(bind(transaction)), options);
  }
}
