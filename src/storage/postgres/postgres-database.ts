import { invariant, isVaultError, VaultError } from "../../errors.ts";
import { isUuid, type TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import { untilAborted } from "../until-aborted.ts";
import type { ConnectionSource } from "./connection-source.ts";
import type { ScopedStatement } from "./scoped-connection.ts";
import {
  type OwnerConnection,
  PLATFORM_SCOPE,
  type SqlDatabase,
  type SqlRow,
  type SqlSession,
  type SqlStatement,
} from "./sql-database.ts";
import { runTransaction } from "./sql-transaction.ts";

export interface PostgresDatabaseOptions {
  /** How long calls that are open when the database is closed may take to finish. */
  readonly drainTimeoutMs: number;
}

const PING: SqlStatement = { name: "strongroom_ping", text: "select 1" };
/** PostgreSQL cuts longer names of prepared statements off, and then two of them may be one. */
const STATEMENT_NAME_BYTES_MAX = 63;

/** What a server and PGlite have in common: scopes, the life of the database, the health of it. */
export class PostgresDatabase implements SqlDatabase {
  readonly #source: ConnectionSource;
  readonly #options: PostgresDatabaseOptions;
  readonly #textByName = new Map<string, string>();
  #openCalls = 0;
  #closing: Promise<void> | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(source: ConnectionSource, options: PostgresDatabaseOptions) {
    this.#source = source;
    this.#options = options;
  }

  get flavour(): SqlDatabase["flavour"] {
    return this.#source.flavour;
  }

  forTenant(tenantId: TenantId): SqlSession {
    // Any other text, `platform` above all, would open more than one tenant's rows.
    invariant(isUuid(tenantId), "a tenant id is a UUID");
    return this.#session(tenantId);
  }

  platform(): SqlSession {
    return this.#session(PLATFORM_SCOPE);
  }

  asOwner<T>(work: (owner: OwnerConnection) => Promise<T>): Promise<T> {
    return this.#call(() => this.#source.asOwner(work));
  }

  async ping(): Promise<void> {
    try {
      await this.#run({ scope: undefined, statement: PING, values: [] });
    } catch (error) {
      // Then the database has answered.
      if (!isVaultError(error, "database_not_migrated")) throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #session(scope: string): SqlSession {
    const transactions = { source: this.#source, scope, checkStatement: this.#checkStatement };
    return {
      query: <Row extends SqlRow>(statement: SqlStatement, values: readonly unknown[], options?: CallOptions) =>
        this.#run({ scope, statement, values }, options?.signal) as Promise<Row[]>,
      transaction: (work, options) =>
        untilAborted(options?.signal, () => this.#call(() => runTransaction(transactions, work, options))),
    };
  }

  #run(call: ScopedStatement, signal?: AbortSignal): Promise<SqlRow[]> {
    return untilAborted(signal, () =>
      // The call is open for as long as its connection is taken, which may be longer than the caller waits.
      this.#call(() => {
        this.#checkStatement(call.statement, call.values);
        return this.#source.run(call, signal);
      }),
    );
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new VaultError("closed", "The database was closed.");
    this.#openCalls++;
    try {
      return await work();
    } finally {
      if (--this.#openCalls === 0) this.#whenIdle?.();
    }
  }

  async #close(): Promise<void> {
    const idle = this.#openCalls === 0 || (await this.#drained());
    await this.#source.close(idle);
  }

  #drained(): Promise<boolean> {
    return new Promise((resolve) => {
      const deadline = setTimeout(() => resolve(false), this.#options.drainTimeoutMs);
      this.#whenIdle = () => {
        clearTimeout(deadline);
        resolve(true);
      };
    });
  }

  /** The driver refuses all this too, but only once a part of the statement is on its way. */
  readonly #checkStatement = (statement: SqlStatement, values: readonly unknown[]): void => {
    invariant(values.every(isEncodable), `${statement.name} gets its JSON as text`);
    if (statement.name === "") return;
    const known = this.#textByName.get(statement.name);
    if (known === statement.text) return;
    invariant(known === undefined, `the statement ${statement.name} has one text`);
    invariant(Buffer.byteLength(statement.name) <= STATEMENT_NAME_BYTES_MAX, `${statement.name} is a short name`);
    this.#textByName.set(statement.name, statement.text);
  };
}

function isEncodable(value: unknown): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof Date) return true;
  return Array.isArray(value) && value.every(isEncodable);
}
