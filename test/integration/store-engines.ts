import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";
import type { Stores } from "../../src/vault/stores.ts";

export interface StoreEngine {
  readonly name: string;
  /** Migrated and empty; disposing of the stores drops what they made. */
  open(): Promise<Stores>;
}

export function storeEngines(): StoreEngine[] {
  const inMemory = { name: "in-memory", open: async () => inMemoryStores(new InMemoryDatabase()) };
  const sql = sqlEngines().map((engine) => ({
    name: engine.flavour,
    async open(): Promise<Stores> {
      const opened = await engine.open();
      await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
      return { ...postgresStores(opened.database), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
    },
  }));
  return [inMemory, ...sql];
}
