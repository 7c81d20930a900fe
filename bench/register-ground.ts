import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "../src/config/config-schema.ts";
import { parseConfig } from "../src/config/load-config.ts";
import { ALL_MIGRATIONS } from "../src/migrations/all-migrations.ts";
import { Migrator } from "../src/migrations/migrator.ts";
import { openPostgres } from "../src/storage/postgres/pg-connection.ts";
import { openPGlite } from "../src/storage/postgres/pglite-connection.ts";
import { PostgresWormDatabase } from "../src/storage/postgres/postgres-worm-store.ts";
import type { SqlDatabase } from "../src/storage/postgres/sql-database.ts";
import type { WormDatabase } from "../src/storage/worm-store.ts";
import { postgresStores } from "../src/vault/postgres-stores.ts";
import { assembleVault, type Vault } from "../src/vault.ts";
import type { Section } from "./section.ts";

/** A database that registers are measured on. */
export interface RegisterGround {
  readonly engine: Section["engine"];
  readonly database: SqlDatabase;
  readonly cold: WormDatabase;
  /** Of its own, removed at the end. */
  readonly directory: string;
}

/** The server that DATABASE_URL names, and without one the embedded database. */
export async function onRegisterGround<T>(work: (ground: RegisterGround) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "strongroom-bench-"));
  const schema = `bench_register_${randomBytes(4).toString("hex")}`;
  const url = process.env["DATABASE_URL"];
  const database = url
    ? await openPostgres({ url, schema })
    : await openPGlite({ dataDirectory: join(directory, "database"), schema });
  try {
    await new Migrator({ database, schema, migrations: ALL_MIGRATIONS }).up();
    return await work({ engine: database.flavour, database, cold: new PostgresWormDatabase(database), directory });
  } finally {
    await database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
    await database[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A vault over it that seals nothing by itself. What registers are believed by lies in a folder of the given name. */
export function vaultOn(
  { database, cold, directory }: RegisterGround,
  trust: string,
  settings: ConfigInput = {},
): Promise<Vault> {
  const config = parseConfig({
    dataDirectory: directory,
    masterKey: "33".repeat(32),
    ...settings,
    register: { trustDirectory: join(directory, trust), ...settings.register },
  });
  const stores = { ...postgresStores(database), [Symbol.asyncDispose]: () => Promise.resolve() };
  return assembleVault(config, stores, { cold });
}
