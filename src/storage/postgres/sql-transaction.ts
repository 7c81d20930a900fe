import { invariant, isVaultError, VaultError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { abortedError, throwIfAborted, untilAborted } from "../until-aborted.ts";
import type { ConnectionLease, ConnectionSource } from "./connection-source.ts";
import type { SqlIsolation, SqlRow, SqlSession, SqlStatement, SqlTransactionOptions } from "./sql-database.ts";
import { breaksConnection, sqlStateOf, translateError } from "./translate-error.ts";

export interface TransactionContext {
  readonly source: ConnectionSource;
  readonly scope: string;
  /** Throws when the statement cannot be prepared. */
  readonly checkStatement: (statement: SqlStatement, values: readonly unknown[]) => void;
}

/** How often the work of a serializable transaction is run at most. */
const SERIALIZABLE_RUNS_MAX = 4;

/**
 * Runs `work` in one transaction of the scope; see `SqlSession.transaction`. Settles when the connection is free again,
 * which may be later than the signal.
 */
export async function runTransaction<T>(
  context: TransactionContext,
  work: (transaction: SqlSession) => Promise<T>,
  options: SqlTransactionOptions = {},
): Promise<T> {
  const runsMax = options.isolation === "serializable" ? SERIALIZABLE_RUNS_MAX : 1;
  for (let run = 1; ; run++) {
    throwIfAborted(options.signal);
    const transaction = new SqlTransaction(context, options);
    try {
      return await transaction.run(work);
    } catch (error) {
      if (runsMax === 1 || !transaction.wasInConflict) throw error;
      if (run === runsMax) throw conflictError(error);
    }
  }
}

/** Whatever the work made of it. */
function conflictError(error: unknown): VaultError {
  return isVaultError(error, "write_conflict")
    ? error
    : new VaultError("write_conflict", "Concurrent writers got in each other's way.", { cause: error });
}

const IN_FAILED_TRANSACTION = "25P02";
/** The database gave the transaction up because of another one. */
const CONFLICTS = new Set(["40001", "40P01"]);

/**
 * Takes a connection with its first statement, which carries the BEGIN: a transaction of n statements is n + 1
 * network turns. The statements after the first may overlap; the first has to be answered before they are sent,
 * because without its BEGIN they would run on their own.
 */
class SqlTransaction implements SqlSession {
  readonly #context: TransactionContext;
  readonly #isolation: SqlIsolation;
  readonly #signal: AbortSignal | undefined;
  #lease: ConnectionLease | undefined;
  #opening: Promise<SqlRow[]> | undefined;
  /** The first failure, as the driver and as the vault name it; the server ignores everything after it. */
  #failure: { readonly raw: unknown; readonly translated: Error } | undefined;
  #cancelling: Promise<void> | undefined;
  #ended = false;

  constructor(context: TransactionContext, { isolation, signal }: SqlTransactionOptions) {
    this.#context = context;
    this.#isolation = isolation ?? "read-committed";
    this.#signal = signal;
  }

  /** Whether another transaction is the reason why this one failed. */
  get wasInConflict(): boolean {
    const sqlState = this.#failure && sqlStateOf(this.#failure.raw);
    return sqlState !== undefined && CONFLICTS.has(sqlState);
  }

  async run<T>(work: (transaction: SqlSession) => Promise<T>): Promise<T> {
    let result: T;
    this.#signal?.addEventListener("abort", this.#abort, { once: true });
    try {
      result = await work(this);
    } catch (error) {
      await this.#rollback();
      throw error;
    } finally {
      this.#signal?.removeEventListener("abort", this.#abort);
    }
    await this.#commit();
    return result;
  }

  query<Row extends SqlRow>(
    statement: SqlStatement,
    values: readonly unknown[],
    options?: CallOptions,
  ): Promise<Row[]> {
    const signal = options?.signal;
    return untilAborted(signal, () => this.#query(statement, values, signal), this.#abort) as Promise<Row[]>;
  }

  transaction<T>(work: (transaction: SqlSession) => Promise<T>, options: SqlTransactionOptions = {}): Promise<T> {
    if (options.isolation === "serializable" && this.#isolation !== "serializable") {
      return Promise.reject(
        new VaultError("unsupported", "A serializable transaction cannot be a part of one that is not."),
      );
    }
    return untilAborted(options.signal, () => work(this), this.#abort);
  }

  async #query(
    statement: SqlStatement,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<SqlRow[]> {
    this.#requireUsable();
    const { scope } = this.#context;
    try {
      this.#context.checkStatement(statement, values);
      if (!this.#opening) {
        this.#opening = this.#open(statement, values, signal);
        return await this.#opening;
      }
      await this.#opening;
      this.#requireUsable();
      return await this.#leased().connection.run({ scope, statement, values });
    } catch (error) {
      throw this.#fail(error);
    }
  }

  async #commit(): Promise<void> {
    await this.#end();
    if (this.#failure) {
      await this.#abandon();
      throw new VaultError("internal_error", "A transaction went on after a statement of it had failed.", {
        cause: this.#failure.translated,
      });
    }
    if (!this.#lease) return;
    let committed: boolean;
    try {
      committed = await this.#lease.connection.commit();
    } catch (error) {
      this.#lease.release(breaksConnection(error) ? error : undefined);
      throw this.#fail(error);
    }
    this.#lease.release();
    if (!committed) throw new VaultError("internal_error", "The database rolled a transaction back.");
  }

  async #rollback(): Promise<void> {
    await this.#end();
    await this.#abandon();
  }

  async #open(statement: SqlStatement, values: readonly unknown[], signal: AbortSignal | undefined): Promise<SqlRow[]> {
    const { source, scope } = this.#context;
    this.#lease = await source.lease(eitherOf(signal, this.#signal));
    if (this.#failure) throw this.#failure.translated;
    return this.#lease.connection.run({ scope, statement, values, begin: this.#isolation });
  }

  /** Dooms the transaction: what runs is cancelled, and what follows is refused. */
  readonly #abort = (): void => {
    const error = abortedError();
    this.#failure ??= { raw: error, translated: error };
    if (this.#ended || !this.#lease?.connection.isBusy) return;
    this.#cancelling ??= this.#lease.cancel();
    // Whoever gives the connection back looks at how it went.
    this.#cancelling.catch(() => undefined);
  };

  #leased(): ConnectionLease {
    invariant(this.#lease, "an opened transaction has a connection");
    return this.#lease;
  }

  /** Refuses further statements and waits for the first one, which somebody may have left running. */
  async #end(): Promise<void> {
    this.#ended = true;
    await this.#opening?.catch(() => undefined);
  }

  async #abandon(): Promise<void> {
    if (!this.#lease) return;
    const raw = this.#failure?.raw;
    if (raw !== undefined && !(raw instanceof VaultError) && breaksConnection(raw)) {
      this.#lease.release(raw);
      return;
    }
    try {
      await this.#cancelling;
      await this.#lease.connection.rollback();
    } catch (error) {
      this.#lease.release(error);
      return;
    }
    this.#lease.release();
  }

  #requireUsable(): void {
    if (this.#ended) throw new VaultError("internal_error", "The transaction has ended.");
    if (this.#failure) throw this.#failure.translated;
  }

  #fail(error: unknown): Error {
    if (this.#failure && sqlStateOf(error) === IN_FAILED_TRANSACTION) return this.#failure.translated;
    const translated = translateError(error);
    this.#failure ??= { raw: error, translated };
    return translated;
  }
}

function eitherOf(a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined {
  return a && b ? AbortSignal.any([a, b]) : (a ?? b);
}
