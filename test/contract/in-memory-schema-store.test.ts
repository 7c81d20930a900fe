import { type TenantId, UuidV7Generator } from "../../src/identifiers.ts";
import { InMemorySchemaStore } from "../../src/schema/in-memory-schema-store.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { schemaStoreContract } from "../../src/testing/schema-store-contract.ts";

schemaStoreContract("in-memory", async () => {
  const database = new InMemoryDatabase();
  const ids = new UuidV7Generator();
  return {
    createTenant: async () => ids.uuid<TenantId>(),
    forTenant: (tenantId) => new InMemorySchemaStore(database.forTenant(tenantId)),
    transaction: (tenantId, work) =>
      database.forTenant(tenantId).transaction((session) => work(new InMemorySchemaStore(session))),
    [Symbol.asyncDispose]: async () => database.close(),
  };
});
