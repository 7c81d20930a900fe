import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/clock.ts";
import type { ConfigInput } from "../../src/config/config-schema.ts";
import { parseConfig } from "../../src/config/load-config.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../../src/register/ledger-log/docket-repair.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { InMemoryWormDatabase } from "../../src/storage/in-memory/in-memory-worm-store.ts";
import { openMongo } from "../../src/storage/mongodb/connection.ts";
import { MongoWormDatabase } from "../../src/storage/mongodb/mongo-worm-store.ts";
import { PostgresWormDatabase } from "../../src/storage/postgres/postgres-worm-store.ts";
import type { WormDatabase } from "../../src/storage/worm-store.ts";
import type { VaultEvents } from "../../src/telemetry/events.ts";
import { RUNS_EMBEDDED, type SqlEngine, sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";
import type { Stores } from "../../src/vault/stores.ts";
import { assembleVault, type Vault } from "../../src/vault.ts";

/** What a register lies in, without a vault over it. */
export interface RegisterStorage extends AsyncDisposable {
  readonly stores: Stores;
  readonly cold: WormDatabase;
}

/** Where registers are tested: each a pair of a relational and a cold engine. */
export interface RegisterEngine {
  readonly name: string;
  open(): Promise<RegisterStorage>;
}

/** In memory and PGlite; PostgreSQL, and MongoDB for what is cold, where they are named. */
export function registerEngines(): readonly RegisterEngine[] {
  const sql = sqlEngines().map((engine) => ({ name: engine.flavour, open: () => openSql(engine) }));
  const url = process.env["MONGODB_URL"];
  const mongo = url ? [{ name: "in-memory and mongodb", open: () => openMongoCold(url) }] : [];
  const embedded = RUNS_EMBEDDED ? [{ name: "in-memory", open: openInMemory }] : [];
  return [...embedded, ...sql, ...mongo];
}

const MASTER_KEY = "11".repeat(32);

/** A vault over the storage, as one process of several has it: they share what is in the storage and nothing else. */
export async function vaultOver(
  { stores, cold }: RegisterStorage,
  options: {
    readonly settings?: ConfigInput;
    readonly clock?: Clock;
    readonly events?: VaultEvents;
  } = {},
): Promise<Vault & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), "strongroom-register-"));
  const config = parseConfig({ dataDirectory: directory, masterKey: MASTER_KEY, ...options.settings });
  const kept = { ...stores, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
  const { clock, events } = options;
  const vault = await assembleVault(config, kept, { cold, clock, events });
  return Object.assign(vault, { directory });
}

async function openInMemory(): Promise<RegisterStorage> {
  const database = new InMemoryDatabase();
  const cold = new InMemoryWormDatabase(database);
  await cold.prepare([DOCKETS, DOCKET_REPAIRS]);
  return { stores: inMemoryStores(database), cold, [Symbol.asyncDispose]: async () => database.close() };
}

async function openSql(engine: SqlEngine): Promise<RegisterStorage> {
  const opened = await engine.open();
  await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
  return {
    stores: postgresStores(opened.database),
    cold: new PostgresWormDatabase(opened.database),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function openMongoCold(url: string): Promise<RegisterStorage> {
  const database = new InMemoryDatabase();
  const connection = await openMongo({ url, database: `test_register_${randomBytes(6).toString("hex")}` });
  const cold = await MongoWormDatabase.open(connection);
  await cold.prepare([DOCKETS, DOCKET_REPAIRS]);
  return {
    stores: inMemoryStores(database),
    cold,
    async [Symbol.asyncDispose]() {
      database.close();
      await connection.database.dropDatabase();
      await connection[Symbol.asyncDispose]();
    },
  };
}
