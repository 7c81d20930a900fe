import { type TenantId, UuidV7Generator } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { InMemorySessionStore } from "../../src/sessions/in-memory-session-store.ts";
import { PostgresSessionStore } from "../../src/sessions/postgres-session-store.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { SESSION_MAX_AGE_MS, type SessionStorage } from "../../src/testing/session-storage.ts";
import type { SqlEngine } from "../../src/testing/sql-engines.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";

export async function openInMemorySessions(): Promise<SessionStorage> {
  const database = new InMemoryDatabase();
  const clock = new ManualClock();
  const ids = new UuidV7Generator();
  const rules = { clock, maxAgeMs: SESSION_MAX_AGE_MS };
  return {
    clock,
    createTenant: async () => ids.uuid(),
    forTenant: (tenantId) => new InMemorySessionStore(database.forTenant(tenantId), rules),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

export async function openSqlSessions(engine: SqlEngine): Promise<SessionStorage> {
  const opened = await engine.open();
  await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
  const { database } = opened;
  const clock = new ManualClock();
  const ids = new UuidV7Generator();
  const rules = { clock, maxAgeMs: SESSION_MAX_AGE_MS };
  return {
    clock,
    async createTenant() {
      const id = ids.uuid<TenantId>();
      const at = clock.now();
      const tenant = { id, slug: id, name: id, validationMode: null, isPlatform: false, createdAt: at, updatedAt: at };
      await postgresStores(database).forTenant(id).tenants.insert(tenant);
      return id;
    },
    forTenant: (tenantId) => new PostgresSessionStore(database.forTenant(tenantId), tenantId, rules),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
