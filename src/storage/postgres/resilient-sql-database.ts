import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { CallSubject } from "../observability/observed-operation.ts";
import { databaseRecovery } from "../resilience/database-recovery.ts";
import { type GuardedOperation, TierGuard, type TierGuardOptions } from "../resilience/tier-guard.ts";
import type {
  OwnerConnection,
  SqlDatabase,
  SqlRow,
  SqlSession,
  SqlStatement,
  SqlTransactionOptions,
} from "./sql-database.ts";

/**
 * A database behind a guard: while it is out of order every call rejects with `storage_unavailable` at once, where the
 * pool would have let it wait for a connection. Nothing is repeated, because a statement does not say whether it only
 * reads. Migrations pass the guard by.
 *
 * A transaction is one call, and its statements are a part of it: they go to the database directly.
 */
export class ResilientSqlDatabase implements SqlDatabase {
  readonly guard: TierGuard;
  readonly #inner: SqlDatabase;
  readonly #query: GuardedOperation;
  readonly #transaction: GuardedOperation;

  constructor(inner: SqlDatabase, options: TierGuardOptions) {
    this.#inner = inner;
    this.guard = new TierGuard(options, { recovery: databaseRecovery(inner, options) });
    this.#query = this.guard.operation("query", "storage.warm.query");
    this.#transaction = this.guard.operation("transaction", "storage.warm.save", { isLong: true });
  }

  get flavour(): SqlDatabase["flavour"] {
    return this.#inner.flavour;
  }

  forTenant(tenantId: TenantId): SqlSession {
    return this.#guarded(this.#inner.forTenant(tenantId), { tenantId });
  }

  platform(): SqlSession {
    return this.#guarded(this.#inner.platform(), {});
  }

  asOwner<T>(work: (owner: OwnerConnection) => Promise<T>): Promise<T> {
    return this.#inner.asOwner(work);
  }

  /** Of the database itself, also while it is not called for anything else. */
  async ping(): Promise<void> {
    await this.#inner.ping();
    await this.guard.breaker.tryNow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.guard.dispose();
    await this.#inner[Symbol.asyncDispose]();
  }

  #guarded(session: SqlSession, subject: CallSubject): SqlSession {
    return {
      query: <Row extends SqlRow>(statement: SqlStatement, values: readonly unknown[], options?: CallOptions) =>
        this.guard.run({ operation: this.#query, subject, signal: options?.signal }, () =>
          session.query<Row>(statement, values, options),
        ),
      transaction: <T>(work: (transaction: SqlSession) => Promise<T>, options?: SqlTransactionOptions): Promise<T> =>
        this.guard.run({ operation: this.#transaction, subject, signal: options?.signal }, () =>
          session.transaction(work, options),
        ),
    };
  }
}

export function resilientSqlDatabase(inner: SqlDatabase, options: TierGuardOptions): ResilientSqlDatabase {
  return new ResilientSqlDatabase(inner, options);
}
