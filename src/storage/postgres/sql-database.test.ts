import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isVaultError } from "../../errors.ts";

import { DIVIDE, INSERT, LIST, type NotesDatabase, openNotes, SCOPE } from "../../testing/notes-database.ts";
import { sqlEngines } from "../../testing/sql-engines.ts";
import { APPLICATION_ROLE, type SqlStatement } from "./sql-database.ts";

describe.each(sqlEngines())("SqlDatabase on $flavour", (engine) => {
  let test: NotesDatabase;

  beforeAll(async () => {
    test = await openNotes(engine, { poolMax: 3, statementTimeoutMs: 1_000, connectTimeoutMs: 1_000 });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  describe("query", () => {
    it("returns rows by column name, 64-bit integers as text", async () => {
      const { tenantId, session } = test.newTenant();
      const rows = await session.query(INSERT, [tenantId, 1, "first", "9007199254740993"]);
      expect(rows).toEqual([{ id: 1, amount: "9007199254740993" }]);
    });

    it("runs as the application role for the session's tenant", async () => {
      const { tenantId, session } = test.newTenant();
      expect(await session.query(SCOPE, [])).toMatchObject([{ scope: tenantId, role: APPLICATION_ROLE }]);
      expect(await test.database.platform().query(SCOPE, [])).toMatchObject([{ scope: "platform" }]);
    });

    it("tells statements with one name and two texts from each other", async () => {
      const { session } = test.newTenant();
      await session.query(LIST, []);
      await expect(session.query({ name: LIST.name, text: "select 1" }, [])).rejects.toMatchObject({
        code: "internal_error",
      });
      await expect(session.query({ name: "n".repeat(64), text: "select 1" }, [])).rejects.toMatchObject({
        code: "internal_error",
      });
    });

    it("survives a parameter that cannot be encoded", async () => {
      const { tenantId, session } = test.newTenant();
      const cycle: Record<string, unknown> = {};
      cycle["self"] = cycle;
      for (const bad of [cycle, [[cycle]], new Map()]) {
        await expect(session.query(DIVIDE, [bad])).rejects.toMatchObject({ code: "internal_error" });
      }
      expect(await session.query(DIVIDE, [1])).toEqual([{ quotient: 1 }]);
      expect(await session.query(SCOPE, [])).toMatchObject([{ scope: tenantId }]);
    });

    it("keeps a customer's values out of the error", async () => {
      const { tenantId, session } = test.newTenant();
      const error = await session
        .query(INSERT, [tenantId, "a secret", "body", null])
        .catch((failure: unknown) => failure as Error);
      expect(error).toMatchObject({ code: "internal_error", details: { sqlState: "22P02" } });
      const refused = await session.query(INSERT, [tenantId, 1, "refused", null]).catch((failure: unknown) => failure);
      for (const failure of [error, refused]) {
        const { cause } = failure as Error;
        const shown = JSON.stringify([failure, cause, { ...(cause as object) }, String(cause), (cause as Error).stack]);
        expect(shown).not.toMatch(/secret|refused'|Failing row/);
      }
    });
  });

  describe("asOwner", () => {
    it("runs as the connecting user and runs several statements as one", async () => {
      await test.database.asOwner(async (owner) => {
        const [who] = await owner.query<{ same: boolean }>("select current_user = session_user as same");
        expect(who).toEqual({ same: true });
        await expect(owner.execute("create table half (a int); select 1 / 0")).rejects.toMatchObject({
          code: "internal_error",
        });
        const [found] = await owner.query<{ found: boolean }>("select to_regclass('half') is not null as found");
        expect(found).toEqual({ found: false });
      });
    });

    it("leaves sessions as they were, their prepared statements too", async () => {
      const { tenantId, session, bodies } = test.newTenant();
      await session.query(INSERT, [tenantId, 1, "before", null]);
      await test.database.asOwner((owner) =>
        owner.execute("set search_path to pg_catalog; set timezone to 'Asia/Tokyo'"),
      );
      expect(await bodies()).toEqual(["before"]);
      expect(await session.query(SCOPE, [])).toMatchObject([{ scope: tenantId, role: APPLICATION_ROLE }]);
      const zone: SqlStatement = { name: "test_zone", text: "select current_setting('timezone') as zone" };
      expect(await session.query(zone, [])).toEqual([{ zone: "UTC" }]);
    });

    it("rethrows what the work throws and ends its connection", async () => {
      const failure = new RangeError("mine");
      let kept: { query(text: string): Promise<unknown> } | undefined;
      await expect(
        test.database.asOwner(async (owner) => {
          kept = owner;
          await Promise.reject(failure);
        }),
      ).rejects.toBe(failure);
      await expect(Promise.resolve(kept?.query("select 1"))).rejects.toMatchObject({ code: "internal_error" });
    });
  });

  it("answers a ping, before it is migrated too", async () => {
    await test.database.ping();
    await using fresh = await engine.open();
    if (engine.flavour === "pglite") {
      await expect(fresh.database.platform().query(SCOPE, [])).rejects.toMatchObject({ code: "database_not_migrated" });
    }
    await fresh.database.ping();
  });

  it("finishes what is open when it is closed, and refuses what comes later", async () => {
    await using other = await openNotes(engine, { statementTimeoutMs: 5_000 });
    const { database } = other;
    const { tenantId: id, session: mine } = other.newTenant();
    let closing: PromiseLike<void> | undefined;
    const open = mine.transaction(async (transaction) => {
      await transaction.query(INSERT, [id, 1, "one", null]);
      closing = database[Symbol.asyncDispose]();
      await expect(mine.query(LIST, [])).rejects.toMatchObject({ code: "closed" });
      await transaction.query(INSERT, [id, 2, "two", null]);
      return transaction.query(LIST, []);
    });
    expect(await open).toHaveLength(2);
    await closing;
    await database[Symbol.asyncDispose]();
    for (const call of [
      () => mine.query(LIST, []),
      () => mine.transaction(async () => undefined),
      () => database.ping(),
      () => database.asOwner(async () => undefined),
    ]) {
      const error = await call().catch((failure: unknown) => failure);
      expect(isVaultError(error, "closed")).toBe(true);
    }
  });
});
