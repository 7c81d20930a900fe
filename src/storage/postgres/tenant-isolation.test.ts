import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TenantId } from "../../identifiers.ts";
import {
  ADD_KEY,
  DIVIDE,
  INSERT,
  LIST,
  LIST_KEYS,
  type NotesDatabase,
  openNotes,
  SCOPE,
} from "../../testing/notes-database.ts";
import { sqlEngines } from "../../testing/sql-engines.ts";
import { APPLICATION_ROLE } from "./sql-database.ts";

describe.each(sqlEngines())("tenants on $flavour", (engine) => {
  let test: NotesDatabase;

  beforeAll(async () => {
    test = await openNotes(engine, { poolMax: 3, statementTimeoutMs: 1_000, connectTimeoutMs: 1_000 });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it("cannot see or write each other's rows", async () => {
    const [one, other] = [test.newTenant(), test.newTenant()];
    await one.session.query(INSERT, [one.tenantId, 1, "one's", null]);
    await other.session.query(INSERT, [other.tenantId, 1, "other's", null]);
    expect(await one.bodies()).toEqual(["one's"]);
    expect(await other.bodies()).toEqual(["other's"]);
    await expect(one.session.query(INSERT, [other.tenantId, 2, "intruder", null])).rejects.toMatchObject({
      code: "internal_error",
      details: { sqlState: "42501" },
    });
    expect(await other.bodies()).toEqual(["other's"]);
  });

  it("are no tables for the platform, which sees the tables made for it across tenants", async () => {
    const [one, other] = [test.newTenant(), test.newTenant()];
    await one.session.query(ADD_KEY, [one.tenantId, "k1"]);
    await other.session.query(ADD_KEY, [other.tenantId, "k2"]);
    const platform = test.database.platform();
    await expect(platform.query(LIST, [])).rejects.toMatchObject({ code: "internal_error" });
    const keys = await platform.query<{ tenant_id: string }>(LIST_KEYS, []);
    expect(keys.map((key) => key.tenant_id)).toEqual(expect.arrayContaining([one.tenantId, other.tenantId]));
    expect(await one.session.query(LIST_KEYS, [])).toEqual([{ tenant_id: one.tenantId, name: "k1" }]);
  });

  it("have to be named: the role without the setting gets an error, not zero rows", async () => {
    await test.database.asOwner(async (owner) => {
      await owner.execute(`set role ${APPLICATION_ROLE}`);
      await expect(owner.query("select * from notes")).rejects.toMatchObject({
        details: { sqlState: expect.stringMatching(/^(42704|22P02)$/) },
      });
      await owner.execute("reset role");
    });
  });

  it.each(["platform", "", "' or true", "A0000000-0000-7000-8000-000000000000"])("are UUIDs and not %j", (notAnId) => {
    expect(() => test.database.forTenant(notAnId as TenantId)).toThrow(/Invariant/);
  });

  it("never leak under 50 interleaved callers, whatever fails in between", async () => {
    const tenants = Array.from({ length: 7 }, () => test.newTenant());
    for (const tenant of tenants) await tenant.session.query(INSERT, [tenant.tenantId, 0, tenant.tenantId, null]);
    const pids = new Set<unknown>();
    const call = async (caller: number, round: number): Promise<void> => {
      const tenant = tenants[(caller * 3 + round) % tenants.length] ?? test.newTenant();
      const expected = { scope: tenant.tenantId, role: APPLICATION_ROLE };
      switch ((caller + round) % 6) {
        case 0:
          await expect(tenant.session.query(DIVIDE, [0])).rejects.toMatchObject({ code: "internal_error" });
          return;
        case 1:
          await expect(
            tenant.session.transaction(async (transaction) => {
              expect(await transaction.query(SCOPE, [])).toMatchObject([expected]);
              throw new RangeError("rolled back");
            }),
          ).rejects.toThrow(RangeError);
          return;
        case 2:
          await tenant.session.transaction(async (transaction) => {
            expect(await transaction.query(LIST, [])).toMatchObject([{ body: tenant.tenantId }]);
            expect(await transaction.query(SCOPE, [])).toMatchObject([expected]);
          });
          return;
        default: {
          const [notes, [seen]] = await Promise.all([tenant.session.query(LIST, []), tenant.session.query(SCOPE, [])]);
          pids.add(seen?.["pid"]);
          expect(seen).toMatchObject(expected);
          expect(notes).toEqual([{ tenant_id: tenant.tenantId, id: 0, body: tenant.tenantId }]);
        }
      }
    };
    await Promise.all(
      Array.from({ length: 50 }, async (_, caller) => {
        for (let round = 0; round < 20; round++) await call(caller, round);
      }),
    );
    expect(pids.size).toBeLessThanOrEqual(3);
  });
});
