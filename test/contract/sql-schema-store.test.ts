import type { Instant } from "../../src/clock.ts";
import { type TenantId, UuidV7Generator } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { PostgresSchemaStore } from "../../src/schema/postgres-schema-store.ts";
import { PostgresTenantStore } from "../../src/tenants/postgres-tenant-store.ts";
import { schemaStoreContract } from "../../src/testing/schema-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";

const AT = "2026-03-03T09:30:00.000Z" as Instant;

for (const engine of sqlEngines()) {
  schemaStoreContract(engine.flavour, async () => {
    const opened = await engine.open();
    const { database } = opened;
    await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
    const ids = new UuidV7Generator();
    return {
      createTenant: async () => {
        const id = ids.uuid<TenantId>();
        const tenant = { id, slug: id, name: "Tenant", validationMode: null, isPlatform: false };
        await new PostgresTenantStore(database.forTenant(id), id).insert({ ...tenant, createdAt: AT, updatedAt: AT });
        return id;
      },
      forTenant: (tenantId) => new PostgresSchemaStore(database.forTenant(tenantId), tenantId),
      transaction: (tenantId, work) =>
        database.forTenant(tenantId).transaction((session) => work(new PostgresSchemaStore(session, tenantId))),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  });
}
