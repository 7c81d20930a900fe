import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import type { WormStore } from "../../src/storage/worm-store.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { ENTRY, type Entry, entries, fill } from "../../src/testing/worm-storage.ts";
import { openSqlWormStorage } from "./worm-storage-sql.ts";

const CHANGES = [
  "update worm_records set document = 'x'",
  "update worm_records set sequence = 7 where sequence = 1",
  "update worm_records set indexed = '{}' where false",
  "delete from worm_records",
  "delete from worm_records where sequence = 0",
  "truncate worm_records",
  `insert into worm_records select * from worm_records on conflict on constraint worm_records_pkey
     do update set document = excluded.document`,
];

for (const engine of sqlEngines()) {
  describe(`the records of logs on ${engine.flavour}`, () => {
    const ids = seededIds(6);
    const [one, other] = [ids.uuid<TenantId>(), ids.uuid<TenantId>()];
    let storage: Awaited<ReturnType<typeof openSqlWormStorage>>;
    let store: WormStore<Entry>;

    beforeAll(async () => {
      storage = await openSqlWormStorage(engine);
      store = storage.database.log(ENTRY, one, "main");
      await fill(store, entries(3));
    });
    afterAll(async () => {
      await storage[Symbol.asyncDispose]();
    });

    async function expectUnchanged(): Promise<void> {
      expect(await store.verifyIntegrity()).toEqual({ isValid: true, checked: 3n, corrupted: 0n, violations: [] });
      expect(await store.head()).toMatchObject({ count: 3n });
    }

    it.each(CHANGES)("are not changed by the application: %s", async (text) => {
      const { database } = storage.opened;
      const statement = { name: `test_worm_change_${CHANGES.indexOf(text)}`, text };
      await expect(database.forTenant(one).query(statement, [])).rejects.toThrow();
      await expectUnchanged();
    });

    it.each(CHANGES)("are not changed by the owner, whom grants and policies do not bind: %s", async (text) => {
      const { database, schema } = storage.opened;
      const change = database.asOwner(async (owner) => {
        await owner.execute(`set search_path to ${schema}`);
        await owner.execute("alter table worm_records no force row level security");
        await owner.execute(text);
      });
      await expect(change).rejects.toMatchObject({ details: { sqlState: "23001" } });
      await expectUnchanged();
    });

    it.skipIf(engine.flavour === "postgres")("are not changed by a superuser in the role of a replica", async () => {
      const { database, schema } = storage.opened;
      for (const text of CHANGES) {
        const change = database.asOwner(async (owner) => {
          await owner.execute(`set search_path to ${schema}; set session_replication_role to replica`);
          try {
            await owner.execute(text);
          } finally {
            await owner.execute("reset session_replication_role");
          }
        });
        await expect(change).rejects.toMatchObject({ details: { sqlState: "23001" } });
      }
      await expectUnchanged();
    });

    it("cannot be added for another tenant, or read by nobody", async () => {
      const { database } = storage.opened;
      const copy = {
        name: "test_worm_copy",
        text: "insert into worm_records select $1, kind, log, sequence, sealed_at, previous_hash, hash, document, indexed from worm_records",
      };
      await expect(database.forTenant(one).query(copy, [other])).rejects.toThrow();
      const count = { name: "test_worm_count", text: "select count(*)::int as count from worm_records" };
      expect(await database.forTenant(other).query(count, [])).toEqual([{ count: 0 }]);
      await expect(database.platform().query(count, [])).rejects.toThrow();
    });
  });
}
