import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bodiesSeenBy,
  DIVIDE,
  INSERT,
  LIST,
  MARK,
  type NotesDatabase,
  openNotes,
} from "../../testing/notes-database.ts";
import { sqlEngines } from "../../testing/sql-engines.ts";
import { ConstraintViolation, type SqlSession } from "./sql-database.ts";

describe.each(sqlEngines())("a transaction on $flavour", (engine) => {
  let test: NotesDatabase;

  beforeAll(async () => {
    test = await openNotes(engine, { poolMax: 3, statementTimeoutMs: 1_000, connectTimeoutMs: 1_000 });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it("commits when the work resolves and answers what it resolved to", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const answer = await session.transaction(async (transaction) => {
      await transaction.query(INSERT, [tenantId, 1, "one", null]);
      await transaction.query(INSERT, [tenantId, 2, "two", null]);
      return "done";
    });
    expect(answer).toBe("done");
    expect(await bodies()).toEqual(["one", "two"]);
  });

  it("rolls back and rethrows whatever the work throws", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const failure = new RangeError("mine");
    await expect(
      session.transaction(async (transaction) => {
        await transaction.query(INSERT, [tenantId, 1, "one", null]);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await bodies()).toEqual([]);
  });

  it("joins the transaction around it", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    await expect(
      session.transaction(async (outer) => {
        await outer.transaction((inner) => inner.query(INSERT, [tenantId, 1, "inner", null]));
        expect(await bodiesSeenBy(outer)).toEqual(["inner"]);
        throw new RangeError("outer");
      }),
    ).rejects.toThrow(RangeError);
    expect(await bodies()).toEqual([]);
  });

  it("runs statements that are sent together, in order", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    await session.transaction(async (transaction) => {
      const numbers = [1, 2, 3, 4, 5];
      await Promise.all(numbers.map((number) => transaction.query(INSERT, [tenantId, number, `note ${number}`, null])));
    });
    expect(await bodies()).toEqual(["note 1", "note 2", "note 3", "note 4", "note 5"]);
  });

  it("is rolled back as a whole when one of the statements sent together fails", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const outcomes: PromiseSettledResult<unknown>[] = [];
    await expect(
      session.transaction(async (transaction) => {
        outcomes.push(
          ...(await Promise.allSettled([
            transaction.query(DIVIDE, [0]),
            transaction.query(INSERT, [tenantId, 1, "one", null]),
            transaction.query(INSERT, [tenantId, 2, "two", null]),
          ])),
        );
      }),
    ).rejects.toMatchObject({ code: "internal_error" });
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await bodies()).toEqual([]);
  });

  it("does not commit after a failed statement that the work swallowed", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    await expect(
      session.transaction(async (transaction) => {
        await transaction.query(INSERT, [tenantId, 1, "one", null]);
        await transaction.query(INSERT, [tenantId, 1, "again", null]).catch(() => undefined);
        return "looks fine";
      }),
    ).rejects.toMatchObject({ code: "internal_error" });
    expect(await bodies()).toEqual([]);
  });

  it("is of no use after its end", async () => {
    const { session } = test.newTenant();
    let kept: SqlSession | undefined;
    await session.transaction(async (transaction) => {
      kept = transaction;
    });
    await expect(Promise.resolve(kept?.query(LIST, []))).rejects.toMatchObject({ code: "internal_error" });
  });

  it("is unseen by others until it commits", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    if (engine.flavour === "pglite") {
      // The one connection is the transaction's: another caller waits, and sees the whole of it.
      let seen: Promise<unknown[]> | undefined;
      await session.transaction(async (transaction) => {
        await transaction.query(INSERT, [tenantId, 1, "one", null]);
        seen = bodies();
        await transaction.query(INSERT, [tenantId, 2, "two", null]);
      });
      expect(await seen).toEqual(["one", "two"]);
      return;
    }
    await session.transaction(async (transaction) => {
      await transaction.query(INSERT, [tenantId, 1, "one", null]);
      expect(await bodies()).toEqual([]);
    });
    expect(await bodies()).toEqual(["one"]);
  });

  it("gives up when it waits for itself", async () => {
    const { session, bodies } = test.newTenant();
    const holders = engine.flavour === "pglite" ? 1 : 3;
    const outcomes = await Promise.allSettled(
      Array.from({ length: holders }, () =>
        session.transaction(async (transaction) => {
          await transaction.query(LIST, []);
          // The callers hold every connection there is, and each waits for one more.
          await session.query(LIST, []);
        }),
      ),
    );
    if (engine.flavour === "pglite") {
      expect(outcomes).toMatchObject([{ reason: { code: "storage_timeout" } }]);
    } else {
      expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
    }
    expect(await bodies()).toEqual([]);
  });

  describe("constraints", () => {
    it.each<[string, unknown[], object]>([
      ["a second row with the same key", [1, "again"], { constraint: "notes_pkey", rule: "unique" }],
      ["a value the check refuses", [2, "refused"], { constraint: "notes_body_check", rule: "check" }],
      ["a missing value", [3, null], { rule: "not_null" }],
    ])("refuse %s", async (_, [id, body], expected) => {
      const { tenantId, session, bodies } = test.newTenant();
      await session.query(INSERT, [tenantId, 1, "first", null]);
      const error = await session.query(INSERT, [tenantId, id, body, null]).catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(ConstraintViolation);
      expect(error).toMatchObject(expected);
      expect(await bodies()).toEqual(["first"]);
    });

    it("refuse a dangling link when the transaction commits", async () => {
      const { tenantId, session, bodies } = test.newTenant();
      const violation = { constraint: "marks_note_fkey", rule: "foreign_key" };
      await expect(session.transaction((tx) => tx.query(MARK, [tenantId, 7]))).rejects.toMatchObject(violation);
      await session.transaction(async (transaction) => {
        await transaction.query(MARK, [tenantId, 7]);
        await transaction.query(INSERT, [tenantId, 7, "linked", null]);
      });
      expect(await bodies()).toEqual(["linked"]);
    });
  });
});
