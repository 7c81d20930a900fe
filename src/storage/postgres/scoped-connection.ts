import type { ClientBase, Submittable } from "pg";
import { VaultError } from "../../errors.ts";
import { quoteIdentifier } from "./quote-identifier.ts";
import { type PreludeStep, type QueryCallback, ScopedQuery } from "./scoped-query.ts";
import { APPLICATION_ROLE, type SqlIsolation, type SqlRow, type SqlStatement, TENANT_SETTING } from "./sql-database.ts";
import { sqlStateOf } from "./translate-error.ts";

export interface ConnectionSettings {
  readonly schema: string;
  readonly statementTimeoutMs: number;
  /** How long the server may hold a transaction open that sends nothing. */
  readonly idleTransactionTimeoutMs: number;
}

/** A statement, whom it runs for, and which kind of transaction it opens, if it does. */
export interface ScopedStatement {
  /** A tenant's UUID or the platform; `undefined` when the statement reads no table. */
  readonly scope: string | undefined;
  readonly statement: SqlStatement;
  readonly values: readonly unknown[];
  readonly begin?: SqlIsolation;
}

const BEGIN: Readonly<Record<SqlIsolation, PreludeStep>> = {
  "read-committed": { name: "strongroom_begin", values: [] },
  serializable: { name: "strongroom_begin_serializable", values: [] },
};
const SET_SCOPE = "strongroom_set_scope";
const NOTHING_BEFORE: readonly PreludeStep[] = [];

/**
 * A connection that runs as the application role and remembers whom row-level security lets it see. The setting
 * is sent along with a statement only when it changes. It counts as known once the group that set it succeeded
 * and nothing that might change it again is on its way: a group that fails takes its setting back with it.
 *
 * Rejections are the driver's, for the caller to translate.
 */
export class ScopedConnection {
  readonly client: ClientBase;
  #scope: string | undefined;
  #changesOnTheirWay = 0;
  #unanswered = 0;
  #busySince = Number.POSITIVE_INFINITY;

  private constructor(client: ClientBase) {
    this.client = client;
  }

  /** Prepares a connection for the application role: one network turn on a pipelining client. */
  static async open(client: ClientBase, settings: ConnectionSettings): Promise<ScopedConnection> {
    try {
      await Promise.all([
        client.query(openingSql(settings)),
        client.query({ name: BEGIN["read-committed"].name, text: "begin isolation level read committed" }),
        client.query("rollback"),
        client.query({ name: BEGIN.serializable.name, text: "begin isolation level serializable" }),
        client.query("rollback"),
      ]);
    } catch (error) {
      throw roleProblem(error) ?? error;
    }
    return new ScopedConnection(client);
  }

  /** Since when the server owes an answer, on the clock of `performance.now()`; infinity when it owes none. */
  get busySince(): number {
    return this.#busySince;
  }

  get isBusy(): boolean {
    return this.#unanswered > 0;
  }

  run(call: ScopedStatement): Promise<SqlRow[]> {
    const { scope } = call;
    const changes = scope !== undefined && (this.#changesOnTheirWay > 0 || this.#scope !== scope);
    const query = new ScopedQuery(call.statement, call.values, preludeOf(call.begin, changes, scope));
    if (changes) this.#changesOnTheirWay++;
    this.#sent();
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle: QueryCallback = (error, result) => {
        // The driver reports a parameter it cannot encode first and the end of the group after it.
        if (settled) return;
        settled = true;
        this.#answered();
        if (changes) {
          this.#changesOnTheirWay--;
          this.#scope = error ? undefined : scope;
        }
        if (error) reject(error);
        else resolve(result?.rows ?? []);
      };
      query.callback = settle;
      this.client.query(query as unknown as Submittable);
    });
  }

  /** Resolves to whether the transaction is committed; the server turns the COMMIT of a failed one into a rollback. */
  async commit(): Promise<boolean> {
    const known = this.#scope;
    this.#scope = undefined;
    const { command } = await this.#end("commit");
    if (command !== "COMMIT") return false;
    this.#scope = known;
    return true;
  }

  async rollback(): Promise<void> {
    // A setting made inside the transaction is taken back with it.
    this.#scope = undefined;
    await this.#end("rollback");
  }

  async #end(sql: "commit" | "rollback"): Promise<{ readonly command: string }> {
    this.#sent();
    try {
      return await this.client.query(sql);
    } finally {
      this.#answered();
    }
  }

  #sent(): void {
    if (this.#unanswered++ === 0) this.#busySince = performance.now();
  }

  #answered(): void {
    this.#busySince = --this.#unanswered === 0 ? Number.POSITIVE_INFINITY : performance.now();
  }
}

function preludeOf(
  begin: SqlIsolation | undefined,
  changes: boolean,
  scope: string | undefined,
): readonly PreludeStep[] {
  if (!changes || scope === undefined) return begin ? [BEGIN[begin]] : NOTHING_BEFORE;
  const setScope: PreludeStep = { name: SET_SCOPE, values: [scope] };
  return begin ? [BEGIN[begin], setScope] : [setScope];
}

/**
 * Every statement is written so that one plan serves all its parameters. Left to itself the server compares costs that
 * it guesses, and plans a statement with list parameters anew on every call, which takes longer than running it.
 */
function openingSql(settings: ConnectionSettings): string {
  return `
    set search_path to ${quoteIdentifier(settings.schema)}, public;
    set timezone to 'UTC';
    set datestyle to 'ISO, YMD';
    set extra_float_digits to 1;
    set statement_timeout to ${settings.statementTimeoutMs};
    set idle_in_transaction_session_timeout to ${settings.idleTransactionTimeoutMs};
    set plan_cache_mode to force_generic_plan;
    set role ${APPLICATION_ROLE};
    prepare ${SET_SCOPE}(text) as select set_config('${TENANT_SETTING}', $1, false);
  `;
}

function roleProblem(error: unknown): VaultError | undefined {
  switch (sqlStateOf(error)) {
    case "22023":
      return new VaultError("database_not_migrated", `The database has no role ${APPLICATION_ROLE} yet.`, {
        hint: "Run `strongroom migrate up`.",
        cause: error,
      });
    case "42501":
      return new VaultError("invalid_configuration", `The database user may not become ${APPLICATION_ROLE}.`, {
        hint: `Run GRANT ${APPLICATION_ROLE} TO the user of the database URL, as a superuser.`,
        cause: error,
      });
    default:
      return undefined;
  }
}
