import type { TenantId } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import type { SqlDatabase } from "../../src/storage/postgres/sql-database.ts";
import { type Engine, type EngineProbe, engineOver } from "../../src/testing/engine.ts";
import type { SchemaStorage } from "../../src/testing/schema-storage.ts";
import type { SqlEngine } from "../../src/testing/sql-engines.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";

const TENANT_TABLES = [
  "audit_events",
  "channel_identities",
  "consents",
  "customer_merges",
  "customers",
  "field_definitions",
  "item_sources",
  "profile_assets",
  "profile_fields",
  "register_subjects",
  "unsealed_events",
];

export function inMemoryEngine(): Promise<Engine> {
  const database = new InMemoryDatabase();
  return Promise.resolve(engineOver(inMemoryStores(database), inMemoryProbe(database)));
}

/** A schema of its own, dropped when the engine is disposed of. */
export async function openSqlEngine(engine: SqlEngine): Promise<Engine & { readonly schema: string }> {
  const opened = await engine.open();
  await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
  const stores = {
    ...postgresStores(opened.database),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
  return { ...engineOver(stores, sqlProbe(opened.database)), schema: opened.schema };
}

/** What the contract of schema stores runs on. */
export function schemaStorageOf(engine: Engine): SchemaStorage {
  return {
    createTenant: async () => (await engine.newTenant()).tenantId,
    forTenant: (tenantId) => engine.stores.forTenant(tenantId).schema,
    transaction: (tenantId, work) => engine.stores.forTenant(tenantId).transaction(({ schema }) => work(schema)),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

interface ItemRow {
  readonly sources: readonly object[];
}

function inMemoryProbe(database: InMemoryDatabase): EngineProbe {
  return {
    forceEdge: (tenantId, { itemId, itemKind, sourceId }) =>
      database.forTenant(tenantId).run((tables) => {
        const kindOf = (id: string) =>
          tables.table<ItemRow>("profile_fields").get(id) ? "profile_field" : "profile_asset";
        const table = tables.table<ItemRow>(itemKind === "profile_field" ? "profile_fields" : "profile_assets");
        const row = table.get(itemId) as ItemRow;
        const edge = { type: kindOf(sourceId), id: sourceId, metadata: {} };
        table.put(itemId, { ...row, sources: [...row.sources, edge] });
      }),
    dump: (tenantId) =>
      database.forTenant(tenantId).run((tables) =>
        JSON.stringify(
          TENANT_TABLES.map((name) => [...tables.table(name).values()]),
          (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
        ),
      ),
  };
}

const FORCE_EDGE = {
  name: "test_force_edge",
  text: `insert into item_sources (tenant_id, item_id, item_kind, position, source_type, source_item_id)
    select $1, $2, $3, (select count(*) from item_sources where tenant_id = $1 and item_id = $2),
      case when exists (select from profile_fields where tenant_id = $1 and id = $4)
        then 'profile_field' else 'profile_asset' end, $4::uuid`,
};

function sqlProbe(database: SqlDatabase): EngineProbe {
  return {
    async forceEdge(tenantId, { itemId, itemKind, sourceId }) {
      await database.forTenant(tenantId).query(FORCE_EDGE, [tenantId, itemId, itemKind, sourceId]);
    },
    async dump(tenantId) {
      const tables = await Promise.all(TENANT_TABLES.map((name) => dumpTable(database, tenantId, name)));
      return tables.join("\n");
    },
  };
}

async function dumpTable(database: SqlDatabase, tenantId: TenantId, name: string): Promise<string> {
  const dump = { name: `test_dump_${name}`, text: `select json_agg(t order by t::text)::text as rows from ${name} t` };
  const [row] = await database.forTenant(tenantId).query<{ rows: string | null }>(dump, []);
  return row?.rows ?? "";
}
