import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEventInsert } from "../../src/audit/audit-event.ts";
import type { Instant } from "../../src/clock.ts";
import type { TenantId } from "../../src/identifiers.ts";
import { ALL_MIGRATIONS } from "../../src/migrations/all-migrations.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { sqlEngines, type TestDatabase } from "../../src/testing/sql-engines.ts";
import { postgresStores } from "../../src/vault/postgres-stores.ts";

const NOW = "2026-03-03T09:30:00.000Z" as Instant;
const CHANGES = ["update audit_events set event_type = 'x'", "delete from audit_events", "truncate audit_events"];

for (const engine of sqlEngines()) {
  describe(`the tables of tenants on ${engine.flavour}`, () => {
    const ids = seededIds(5);
    const [one, other] = [ids.uuid<TenantId>(), ids.uuid<TenantId>()];
    const event: AuditEventInsert = {
      id: ids.uuid(),
      eventType: "tenant_created",
      customerId: null,
      subjectId: null,
      actor: { type: "system", id: null, role: null },
      requestId: null,
      eventData: {},
      timestamp: NOW,
    };
    let opened: TestDatabase;

    beforeAll(async () => {
      opened = await engine.open();
      await new Migrator({ ...opened, migrations: ALL_MIGRATIONS }).up();
      const stores = postgresStores(opened.database);
      for (const id of [one, other]) {
        const tenant = {
          id,
          slug: id,
          name: id,
          validationMode: null,
          isPlatform: false,
          createdAt: NOW,
          updatedAt: NOW,
        };
        await stores.forTenant(id).tenants.insert(tenant);
      }
      await stores.forTenant(one).audit.append([event]);
    });
    afterAll(async () => {
      await opened[Symbol.asyncDispose]();
    });

    it.each(CHANGES)("refuse to the application: %s", async (text) => {
      const statement = { name: `test_${text.slice(0, 8)}`, text };
      await expect(opened.database.forTenant(one).query(statement, [])).rejects.toThrow();
    });

    it.each(CHANGES)("refuse to the owner, whom grants and policies do not bind: %s", async (text) => {
      const owner = opened.database.asOwner(async (connection) => {
        await connection.execute(`set search_path to ${opened.schema}`);
        await connection.execute(`alter table audit_events no force row level security`);
        await connection.execute(text);
      });
      await expect(owner).rejects.toThrow();
      expect(await postgresStores(opened.database).forTenant(one).audit.get(event.id)).toMatchObject(event);
    });

    it("refuse a row for another tenant", async () => {
      const statement = {
        name: "test_foreign_tenant",
        text: "insert into idempotency_keys (tenant_id, key_hash, fingerprint, created_at, expires_at) values ($1, sha256('a'), sha256('a'), now(), now())",
      };
      await expect(opened.database.forTenant(one).query(statement, [other])).rejects.toThrow();
      await expect(opened.database.forTenant(one).query(statement, [one])).resolves.toEqual([]);
    });

    it.each(["tenants", "api_keys"])("show the platform the %s of all, and nothing of the journal", async (table) => {
      const count = { name: `test_count_${table}`, text: `select count(*)::int as count from ${table}` };
      const [all] = await opened.database.platform().query<{ count: number }>(count, []);
      const [own] = await opened.database.forTenant(one).query<{ count: number }>(count, []);
      expect(all?.count).toBe(table === "tenants" ? 2 : 0);
      expect(own?.count).toBe(table === "tenants" ? 1 : 0);
      const journal = { name: "test_platform_journal", text: "select id from audit_events" };
      await expect(opened.database.platform().query(journal, [])).rejects.toThrow();
    });
  });
}
