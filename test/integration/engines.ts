import type { TenantId } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { DOCKETS } from "../../src/register/ledger-log/docket-descriptor.ts";
import { DOCKET_REPAIRS } from "../../src/register/ledger-log/docket-repair.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { InMemoryWormDatabase } from "../../src/storage/in-memory/in-memory-worm-store.ts";
import { PostgresWormDatabase } from "../../src/storage/postgres/postgres-worm-store.ts";
import type { SqlDatabase } from "../../src/storage/postgres/sql-database.ts";
import type { WormDatabase } from "../../src/storage/worm-store.ts";
import { RUNS_EMBEDDED, type SqlEngine, type SqlEngineOptions, sqlEngines } from "../../src/testing/sql-engines.ts";
import type { WormStorage } from "../../src/testing/worm-storage.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";
import type { Stores } from "../../src/vault/stores.ts";
import { tamperInMemory } from "../contract/worm-storage-in-memory.ts";
import { tamperSql } from "../contract/worm-storage-sql.ts";

/** Every table in which a tenant has rows. */
export const TENANT_TABLES = [
  "agent_settings",
  "api_keys",
  "audit_events",
  "channel_identities",
  "consents",
  "customer_merges",
  "customers",
  "documents",
  "field_definitions",
  "idempotency_keys",
  "item_sources",
  "profile_assets",
  "profile_fields",
  "register_checkpoints",
  "register_dockets",
  "register_nodes",
  "register_ranges",
  "register_subjects",
  "register_transactions",
  "registers",
  "scenario_field_requirements",
  "sessions",
  "tenants",
  "unsealed_events",
  "wallet_grants",
  "wallet_keys",
  "wallets",
  "worm_records",
];

export interface OpenedEngine {
  /** Disposing of them removes everything that was made. */
  readonly stores: Stores;
  /** Where registers are kept, prepared for them. */
  readonly cold: WormDatabase;
  /** Changes what is kept of a log behind the vault's back; not where a database is given that somebody else opened. */
  readonly tamper?: WormStorage["tamper"];
  /** Every row of the tenant in all tables, as one text that is the same when no row changed. */
  dump(tenantId: TenantId): Promise<string>;
}

/** An engine that every acceptance test runs on. */
export interface IntegrationEngine {
  readonly name: Stores["engine"] | `${Stores["engine"]} behind a cache`;
  /** Whether profiles are kept in a cache of this process. */
  readonly isCached?: boolean;
  /** @param options what a server is opened with */
  open(options?: SqlEngineOptions): Promise<OpenedEngine>;
}

/** STRONGROOM_TEST_CACHE=1 puts the databases behind a cache, too. */
const CACHES_DATABASES = process.env["STRONGROOM_TEST_CACHE"] === "1";

/**
 * In memory, without and with a cache, which is where what is old would be seen first; PGlite, and the PostgreSQL server
 * that DATABASE_URL names, if it names one.
 */
export function integrationEngines(): IntegrationEngine[] {
  const embedded = RUNS_EMBEDDED ? [IN_MEMORY, behindCache(IN_MEMORY)] : [];
  return [...embedded, ...sqlEngines().map(sqlEngine)];
}

/** The reference: what others are compared with, and what is there where an engine does not matter. */
export const IN_MEMORY: IntegrationEngine = { name: "in-memory", open: openInMemory };

function behindCache(engine: IntegrationEngine): IntegrationEngine {
  return { ...engine, name: `${engine.name as Stores["engine"]} behind a cache`, isCached: true };
}

function sqlEngine(engine: SqlEngine): IntegrationEngine {
  const plain: IntegrationEngine = {
    name: engine.flavour,
    open: (options) => openSql(engine, options),
  };
  return CACHES_DATABASES ? behindCache(plain) : plain;
}

async function openInMemory(): Promise<OpenedEngine> {
  const database = new InMemoryDatabase();
  const cold = new InMemoryWormDatabase(database);
  await cold.prepare([DOCKETS, DOCKET_REPAIRS]);
  return {
    stores: inMemoryStores(database),
    cold,
    tamper: tamperInMemory(database),
    dump: (tenantId) =>
      database.forTenant(tenantId).run((tables) =>
        TENANT_TABLES.map((name) => {
          const rows = [...tables.table(name).values()].map((row) => JSON.stringify(row, bigintAsText));
          return `${name}\n${rows.sort().join("\n")}`;
        }).join("\n"),
      ),
  };
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

async function openSql(engine: SqlEngine, options: SqlEngineOptions = {}): Promise<OpenedEngine> {
  const opened = await engine.open(options);
  await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
  return { ...engineOver(opened.database, () => opened[Symbol.asyncDispose]()), tamper: tamperSql(opened) };
}

/** The engine over a database that is open and migrated. */
export function engineOver(database: SqlDatabase, dispose: () => PromiseLike<void>): OpenedEngine {
  const stores = { ...postgresStores(database), [Symbol.asyncDispose]: dispose };
  const cold = new PostgresWormDatabase(database);
  return { stores, cold, dump: (tenantId) => dumpTables(database, tenantId) };
}

async function dumpTables(database: SqlDatabase, tenantId: TenantId): Promise<string> {
  const session = database.forTenant(tenantId);
  const texts: string[] = [];
  for (const name of TENANT_TABLES) {
    const text = `select coalesce(string_agg(t::text, E'\\n' order by t::text), '') as rows from ${name} t`;
    const [row] = await session.query<{ rows: string }>({ name: `test_dump_${name}`, text }, []);
    texts.push(`${name}\n${row?.rows ?? ""}`);
  }
  return texts.join("\n");
}
