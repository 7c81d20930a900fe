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
import { inMemoryStores } from "./in-memory-stores.ts";
import { postgresStores } from "./postgres-stores.ts";
import type { Stores } from "./stores.ts";

/** The folder of the embedded database within the data directory. */
const DATABASE_FOLDER = "database";

/** Opens the database that the configuration names, and brings its schema up to date unless told not to. */
export async function openStores(config: Config, logger: Logger | undefined): Promise<Stores> {
  if (config.storage.warm.relational.engine === "in-memory") return inMemoryStores(new InMemoryDatabase());
  const opened = await openSqlDatabase(config, logger);
  try {
    const migrator = migratorOf(config, opened.database, logger);
    if (databaseSettings(config).migrateAtStart) await migrator.up();
    else await migrator.assertCurrent();
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
  return { ...postgresStores(opened.database), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

export interface OpenedDatabase extends AsyncDisposable {
  readonly database: SqlDatabase;
}

/** A server's database, or the embedded one under the lock of its data directory. */
export async function openSqlDatabase(config: Config, logger: Logger | undefined): Promise<OpenedDatabase> {
  const { url, schema, poolMax, statementTimeoutMs, connectTimeoutMs } = databaseSettings(config);
  if (url !== undefined) {
    const onStateChange = (state: string) => logger?.warn({ state }, "database_state_changed");
    const options = { url, schema, poolMax, statementTimeoutMs, connectTimeoutMs, onStateChange };
    const database = await openPostgres(options);
    return { database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
  }
  const dataDirectory = resolve(config.dataDirectory);
  const lock = await DataDirectoryLock.acquire(dataDirectory);
  try {
    const options = { dataDirectory: join(dataDirectory, DATABASE_FOLDER), schema, statementTimeoutMs };
    const database = await openPGlite(options);
    return {
      database,
      async [Symbol.asyncDispose]() {
        await database[Symbol.asyncDispose]();
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
function databaseSettings({ storage }: Config): DatabaseSettings {
  const { postgres } = storage.warm.relational;
  invariant(postgres, "a checked configuration has the section of the engine that it chose");
  return postgres;
}
