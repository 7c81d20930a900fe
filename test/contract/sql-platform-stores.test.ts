import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { platformContracts } from "../../src/testing/platform-contracts.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";

for (const engine of sqlEngines()) {
  platformContracts(engine.flavour, async () => {
    const opened = await engine.open();
    await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
    return { ...postgresStores(opened.database), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
  });
}
