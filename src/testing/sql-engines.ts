import { randomBytes } from "node:crypto";
import { openPostgres } from "../storage/postgres/pg-connection.ts";
import { openPGlite } from "../storage/postgres/pglite-connection.ts";
import type { SqlDatabase } from "../storage/postgres/sql-database.ts";

/** A database with a schema name of its own, which nothing has made yet; disposing of it drops the schema. */
export interface TestDatabase extends AsyncDisposable {
  readonly database: SqlDatabase;
  readonly schema: string;
}

export interface SqlEngineOptions {
  readonly poolMax?: number | undefined;
  readonly statementTimeoutMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
}

export interface SqlEngine {
  readonly flavour: SqlDatabase["flavour"];
  open(options?: SqlEngineOptions): Promise<TestDatabase>;
}

/**
 * Whether suites run on what needs no server, too. STRONGROOM_TEST_ENGINES=servers leaves it out, for a run that follows
 * one without servers.
 */
export const RUNS_EMBEDDED = process.env["STRONGROOM_TEST_ENGINES"] !== "servers";

/**
 * The engines that a suite about SQL runs on: PGlite in memory, which takes two to three seconds to open, and the
 * server that DATABASE_URL names, if it names one.
 */
export function sqlEngines(): SqlEngine[] {
  const pglite: SqlEngine = { flavour: "pglite", open: openInMemory };
  const url = process.env["DATABASE_URL"];
  const postgres: SqlEngine[] = url ? [{ flavour: "postgres", open: (options) => openOnServer(url, options) }] : [];
  return RUNS_EMBEDDED ? [pglite, ...postgres] : postgres;
}

async function openInMemory(options?: SqlEngineOptions): Promise<TestDatabase> {
  const schema = newSchema();
  const database = await openPGlite({
    dataDirectory: undefined,
    schema,
    statementTimeoutMs: options?.statementTimeoutMs,
  });
  return { database, schema, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

async function openOnServer(url: string, options?: SqlEngineOptions): Promise<TestDatabase> {
  const schema = newSchema();
  const database = await openPostgres({ url, schema, ...options });
  return {
    database,
    schema,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await using cleaner = await openPostgres({ url, schema, poolMax: 1 });
      await cleaner.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
    },
  };
}

function newSchema(): string {
  return `test_${randomBytes(8).toString("hex")}`;
}
