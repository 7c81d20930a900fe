import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INSERT, type NotesDatabase, type NotesTenant, openNotes } from "../../testing/notes-database.ts";
import { sqlEngines } from "../../testing/sql-engines.ts";
import type { SqlSession, SqlStatement } from "./sql-database.ts";

const COUNT: SqlStatement = { name: "test_serial_count", text: "select count(*)::int as n from notes" };
const ISOLATION: SqlStatement = {
  name: "test_serial_isolation",
  text: "select current_setting('transaction_isolation') as isolation",
};
/** What the server says when it gives a transaction up. */
const CONFLICT: SqlStatement = {
  name: "test_serial_conflict",
  text: `do $$ begin raise exception 'could not serialize access' using errcode = '40001'; end $$`,
};
const SERIALIZABLE = { isolation: "serializable" } as const;

describe.each(sqlEngines())("a serializable transaction on $flavour", (engine) => {
  let test: NotesDatabase;

  beforeAll(async () => {
    test = await openNotes(engine, { poolMax: 10 });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  async function isolationOf(session: SqlSession): Promise<unknown> {
    const [row] = await session.query(ISOLATION, []);
    return row?.["isolation"];
  }

  it("is serializable, and the one after it is not", async () => {
    const { session } = test.newTenant();
    expect(await session.transaction(isolationOf, SERIALIZABLE)).toBe("serializable");
    expect(await session.transaction(isolationOf)).toBe("read committed");
    expect(await isolationOf(session)).toBe("read committed");
  });

  it("holds parts that ask for no more than it gives", async () => {
    const { session } = test.newTenant();
    const nested = session.transaction((tx) => tx.transaction(isolationOf), SERIALIZABLE);
    expect(await nested).toBe("serializable");
    const stricter = session.transaction((tx) => tx.transaction(isolationOf, SERIALIZABLE));
    await expect(stricter).rejects.toMatchObject({ code: "unsupported" });
  });

  it("is run again when the database gives it up, up to four times in all", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    let runs = 0;
    await session.transaction(async (tx) => {
      await tx.query(INSERT, [tenantId, 1, `run ${++runs}`, null]);
      if (runs < 4) await tx.query(CONFLICT, []);
    }, SERIALIZABLE);
    expect(await bodies()).toEqual(["run 4"]);

    runs = 0;
    const hopeless = session.transaction(async (tx) => {
      runs++;
      // The work may make of the failure what it likes.
      await tx.query(CONFLICT, []).catch(() => Promise.reject(new RangeError("mine")));
    }, SERIALIZABLE);
    await expect(hopeless).rejects.toMatchObject({ code: "write_conflict", retryable: true });
    expect(runs).toBe(4);
  });

  it("is run once when it fails for another reason, or is given up", async () => {
    const { session } = test.newTenant();
    let runs = 0;
    const failing = session.transaction(async () => {
      runs++;
      throw new RangeError("mine");
    }, SERIALIZABLE);
    await expect(failing).rejects.toThrow(RangeError);
    expect(runs).toBe(1);

    const controller = new AbortController();
    const given = session.transaction(
      async (tx) => {
        runs++;
        await tx.query(CONFLICT, []).finally(() => controller.abort());
      },
      { ...SERIALIZABLE, signal: controller.signal },
    );
    await expect(given).rejects.toMatchObject({ code: "aborted" });
    expect(runs).toBe(2);
  });

  it("is run once without the isolation", async () => {
    let runs = 0;
    const transaction = test.newTenant().session.transaction(async (tx) => {
      runs++;
      await tx.query(CONFLICT, []);
    });
    await expect(transaction).rejects.toMatchObject({ code: "write_conflict" });
    expect(runs).toBe(1);
  });

  async function addIfFewerThan(limit: number, tenant: NotesTenant, id: number): Promise<void> {
    await tenant.session.transaction(async (tx) => {
      const [row] = await tx.query<{ n: number }>(COUNT, []);
      if ((row?.n ?? 0) < limit) await tx.query(INSERT, [tenant.tenantId, id, `note ${id}`, null]);
    }, SERIALIZABLE);
  }

  it("keeps what several decide from the same rows true", async () => {
    const tenant = test.newTenant();
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, id) => addIfFewerThan(2, tenant, id)));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "write_conflict" });
    }
    expect(await tenant.bodies()).toHaveLength(2);
  });
});
