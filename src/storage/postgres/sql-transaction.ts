import { invariant, VaultError } from "../../errors.ts";
import type { ConnectionLease, ConnectionSource } from "./connection-source.ts";
import type { SqlRow, SqlSession, SqlStatement } from "./sql-database.ts";
import { breaksConnection, sqlStateOf, translateError } from "./translate-error.ts";

export interface TransactionOptions {
  readonly source: ConnectionSource;
  readonly scope: string;
  /** Throws when the statement cannot be prepared. */
  readonly checkStatement: (statement: SqlStatement, values: readonly unknown[]) => void;
}

/** Runs `work` in one transaction of the scope; see `SqlSession.transaction`. */
export async function runTransaction<T>(
  options: TransactionOptions,
  work: (transaction: SqlSession) => Promise<T>,
): Promise<T> {
  const transaction = new SqlTransaction(options);
  let result: T;
  try {
    result = await work(transaction);
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
  await transaction.commit();
  return result;
}

const IN_FAILED_TRANSACTION = "25P02";

/**
 * Takes a connection with its first statement, which carries the BEGIN: a transaction of n statements is n + 1
 * network turns. The statements after the first may overlap; the first has to be answered before they are sent,
 * because without its BEGIN they would run on their own.
 */
class SqlTransaction implements SqlSession {
  readonly #options: TransactionOptions;
  #lease: ConnectionLease | undefined;
  #opening: Promise<SqlRow[]> | undefined;
  /** The first failure, as the driver and as the vault name it; the server ignores everything after it. */
  #failure: { readonly raw: unknown; readonly translated: Error } | undefined;
  #ended = false;

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  async query<Row extends SqlRow>(statement: SqlStatement, values: readonly unknown[]): Promise<Row[]> {
    this.#requireUsable();
    const { scope } = this.#options;
    try {
      this.#options.checkStatement(statement, values);
      if (!this.#opening) {
        this.#opening = this.#open(statement, values);
        return (await this.#opening) as Row[];
      }
      await this.#opening;
      this.#requireUsable();
      return (await this.#leased().connection.run({ scope, statement, values })) as Row[];
    } catch (error) {
      throw this.#fail(error);
    }
  }

  transaction<T>(work: (transaction: SqlSession) => Promise<T>): Promise<T> {
    return work(this);
  }

  async commit(): Promise<void> {
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
      throw translateError(error);
    }
    this.#lease.release();
    if (!committed) throw new VaultError("internal_error", "The database rolled a transaction back.");
  }

  async rollback(): Promise<void> {
    await this.#end();
    await this.#abandon();
  }

  async #open(statement: SqlStatement, values: readonly unknown[]): Promise<SqlRow[]> {
    const { source, scope } = this.#options;
    this.#lease = await source.lease();
    return this.#lease.connection.run({ scope, statement, values, begin: true });
  }

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
