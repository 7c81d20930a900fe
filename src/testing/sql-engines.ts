import { randomBytes } from "node:crypto";
import { openPostgres } from "../storage/postgres/pg-connection.ts";
import { openPGlite } from "../storage/postgres/pglite-connection.ts";
import type { SqlDatabase } from "../storage/postgres/sql-database.ts";

/** A database with a schema name of its own, which nothing has made yet; disposing of it drops the schema. */
export interface TestDatabase extends AsyncDisposable {
  readonly database: SqlDatabase;
  readonly schema: string;
}

export interface SqlEngine {
  readonly flavour: SqlDatabase["flavour"];
  open(options?: { readonly poolMax?: number; readonly statementTimeoutMs?: number }): Promise<TestDatabase>;
}

/**
 * The engines that a suite about SQL runs on: PGlite in memory, which takes two to three seconds to open, and the
 * server that DATABASE_URL names, if it names one.
 */
export function sqlEngines(): SqlEngine[] {
  const url = process.env["DATABASE_URL"];
  const pglite: SqlEngine = {
    flavour: "pglite",
    open: (options) =>
      testDatabase((schema) =>
        openPGlite({ dataDirectory: undefined, schema, statementTimeoutMs: options?.statementTimeoutMs }),
      ),
  };
  if (!url) return [pglite];
  return [
    pglite,
    { flavour: "postgres", open: (options) => testDatabase((schema) => openPostgres({ url, schema, ...options })) },
  ];
}

async function testDatabase(open: (schema: string) => Promise<SqlDatabase>): Promise<TestDatabase> {
  const schema = `test_${randomBytes(8).toString("hex")}`;
  const database = await open(schema);
  return {
    database,
    schema,
    async [Symbol.asyncDispose]() {
      await database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
      await database[Symbol.asyncDispose]();
    },
  };
}
