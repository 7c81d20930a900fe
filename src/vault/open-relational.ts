import { join, resolve } from "node:path";
import type { Config } from "../config/config-schema.ts";
import { invariant } from "../errors.ts";
import { ALL_MIGRATIONS } from "../migrations/all-migrations.ts";
import { Migrator } from "../migrations/migrator.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { DataDirectoryLock } from "../storage/postgres/data-directory-lock.ts";
import { openPostgres } from "../storage/postgres/pg-connection.ts";
import { openPGlite } from "../storage/postgres/pglite-connection.ts";
import type { SqlDatabase } from "../storage/postgres/sql-database.ts";
import type { Logger } from "../telemetry/logger.ts";

/** The folder of the embedded database within the data directory. */
const DATABASE_FOLDER = "database";

/** The one database of the relational tier, which the other tiers may be in, too. */
export type RelationalDatabase = { readonly sql: SqlDatabase } | { readonly inMemory: InMemoryDatabase };

/** Opens the database that the configuration names, and brings its schema up to date unless told not to. */
export async function openRelational(
  config: Config,
  logger: Logger | undefined,
): Promise<RelationalDatabase & AsyncDisposable> {
  const opened = await openDatabase(config);
  if ("inMemory" in opened) return opened;
  try {
    const migrator = migratorOf(config, opened.sql, logger);
    if (databaseSettings(config).migrateAtStart) await migrator.up();
    else await migrator.assertCurrent();
    return opened;
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same without a look at its schema. */
export async function openDatabase(config: Config): Promise<RelationalDatabase & AsyncDisposable> {
  if (config.storage.warm.relational.engine !== "in-memory") return openSqlDatabase(config);
  const inMemory = new InMemoryDatabase();
  return { inMemory, [Symbol.asyncDispose]: async () => inMemory.close() };
}

/** A server's database, or the embedded one under the lock of its data directory. */
export async function openSqlDatabase(config: Config): Promise<{ readonly sql: SqlDatabase } & AsyncDisposable> {
  const { url, schema, poolMax, statementTimeoutMs, connectTimeoutMs } = databaseSettings(config);
  if (url !== undefined) {
    const sql = await openPostgres({ url, schema, poolMax, statementTimeoutMs, connectTimeoutMs });
    return { sql, [Symbol.asyncDispose]: () => sql[Symbol.asyncDispose]() };
  }
  const dataDirectory = resolve(config.dataDirectory);
  const lock = await DataDirectoryLock.acquire(dataDirectory);
  try {
    const sql = await openPGlite({ dataDirectory: join(dataDirectory, DATABASE_FOLDER), schema, statementTimeoutMs });
    return {
      sql,
      async [Symbol.asyncDispose]() {
        await sql[Symbol.asyncDispose]();
        await lock[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

export function migratorOf(config: Config, database: SqlDatabase, logger: Logger | undefined): Migrator {
  return new Migrator({
    database,
    schema: databaseSettings(config).schema,
    migrations: ALL_MIGRATIONS,
    onStep: ({ version, name }, direction) => logger?.info({ version, name, direction }, "migration_applied"),
  });
}

type DatabaseSettings = NonNullable<Config["storage"]["warm"]["relational"]["postgres"]>;

/** A configuration that chose PostgreSQL has its section. */
export function databaseSettings({ storage }: Config): DatabaseSettings {
  const { postgres } = storage.warm.relational;
  invariant(postgres, "a checked configuration has the section of the engine that it chose");
  return postgres;
}
