import { createServer, connect as tcpConnect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INSERT, LIST, type NotesDatabase, openNotes } from "../../testing/notes-database.ts";
import { sqlEngines } from "../../testing/sql-engines.ts";
import { openPostgres } from "./pg-connection.ts";
import type { SqlStatement } from "./sql-database.ts";

const SLEEP: SqlStatement = { name: "test_abort_sleep", text: "select pg_sleep($1::float8)" };
const PID: SqlStatement = { name: "test_abort_pid", text: "select pg_backend_pid() as pid" };
const ABORTED = { code: "aborted", retryable: false };

/** A signal that fires once the caller has had time to wait or to be running. */
function soon(ms = 50): AbortSignal {
  return AbortSignal.timeout(ms);
}

describe.each(sqlEngines())("giving a call up on $flavour", (engine) => {
  const isServer = engine.flavour === "postgres";
  let test: NotesDatabase;

  beforeAll(async () => {
    test = await openNotes(engine, { poolMax: 1, statementTimeoutMs: 5_000, connectTimeoutMs: 5_000 });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it("sends nothing when the signal has fired before", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const signal = AbortSignal.abort();
    await expect(session.query(INSERT, [tenantId, 1, "one", null], { signal })).rejects.toMatchObject(ABORTED);
    let began = false;
    const transaction = session.transaction(async () => void (began = true), { signal });
    await expect(transaction).rejects.toMatchObject(ABORTED);
    expect(began).toBe(false);
    expect(await bodies()).toEqual([]);
  });

  it("changes nothing about a call that ends before the signal fires", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const controller = new AbortController();
    const { signal } = controller;
    await session.query(INSERT, [tenantId, 1, "one", null], { signal });
    await session.transaction(async (tx) => void (await tx.query(INSERT, [tenantId, 2, "two", null], { signal })), {
      signal,
    });
    controller.abort();
    expect(await bodies()).toEqual(["one", "two"]);
  });

  it("leaves the queue when the signal fires while the call waits for its turn", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const controller = new AbortController();
    const { signal } = controller;
    const statements = await session.transaction(async (holder) => {
      await holder.query(LIST, []);
      const waiting = [
        session.query(INSERT, [tenantId, 1, "query", null], { signal }),
        session.transaction((tx) => tx.query(INSERT, [tenantId, 2, "transaction", null]), { signal }),
        session.transaction((tx) => tx.query(INSERT, [tenantId, 3, "statement", null], { signal })),
      ];
      const outcomes = Promise.allSettled(waiting);
      // Whoever comes after those that leave is served.
      const next = session.query(INSERT, [tenantId, 4, "next", null]);
      setImmediate(() => controller.abort());
      await expect(waiting[0]).rejects.toMatchObject(ABORTED);
      await expect(waiting[1]).rejects.toMatchObject(ABORTED);
      return { outcomes, next };
    });
    for (const outcome of await statements.outcomes) expect(outcome).toMatchObject({ reason: ABORTED });
    await statements.next;
    expect(await bodies()).toEqual(["next"]);
  });

  it("rejects at once when the signal fires while the statement runs, and goes on", async () => {
    const { session } = test.newTenant();
    const [before] = await session.query(PID, []);
    const seconds = isServer ? 30 : 2;
    const startedAt = performance.now();
    await expect(session.query(SLEEP, [seconds], { signal: soon() })).rejects.toMatchObject(ABORTED);
    expect(performance.now() - startedAt).toBeLessThan(1_900);
    // On a server the statement is cancelled; the embedded one has to come to its end first.
    expect(await session.query(PID, [])).toEqual([before]);
    const tookMs = performance.now() - startedAt;
    if (isServer) expect(tookMs).toBeLessThan(4_500);
    else expect(tookMs).toBeGreaterThan(1_900);
  });

  it("dooms the transaction of a statement that is given up", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const later: unknown[] = [];
    const transaction = session.transaction(async (tx) => {
      await tx.query(INSERT, [tenantId, 1, "one", null]);
      const given = tx.query(SLEEP, [1], { signal: soon() });
      await expect(given).rejects.toMatchObject(ABORTED);
      later.push(await tx.query(LIST, []).catch((error: unknown) => error));
    });
    await expect(transaction).rejects.toMatchObject({ code: "internal_error", cause: ABORTED });
    expect(later).toMatchObject([ABORTED]);
    expect(await bodies()).toEqual([]);
  });

  it("dooms it too when the statement or the part was given up before it began", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const signal = AbortSignal.abort();
    const statement = session.transaction(async (tx) => {
      await tx.query(INSERT, [tenantId, 1, "one", null]);
      await tx.query(LIST, [], { signal }).catch(() => undefined);
    });
    await expect(statement).rejects.toMatchObject({ code: "internal_error" });
    const part = session.transaction(async (tx) => {
      await tx.query(INSERT, [tenantId, 1, "one", null]);
      await tx.transaction((inner) => inner.query(LIST, []), { signal });
    });
    await expect(part).rejects.toMatchObject(ABORTED);
    expect(await bodies()).toEqual([]);
  });

  it("gives a whole transaction up at once, whatever its work waits for", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const workMayGoOn = Promise.withResolvers<void>();
    const workHasEnded = Promise.withResolvers<unknown>();
    const transaction = session.transaction(
      async (tx) => {
        await tx.query(INSERT, [tenantId, 1, "one", null]);
        await workMayGoOn.promise;
        workHasEnded.resolve(await tx.query(LIST, []).catch((error: unknown) => error));
      },
      { signal: soon() },
    );
    await expect(transaction).rejects.toMatchObject(ABORTED);
    workMayGoOn.resolve();
    expect(await workHasEnded.promise).toMatchObject(ABORTED);
    expect(await bodies()).toEqual([]);
  });

  it("never hits the statement of another caller on the same connection", async () => {
    const { tenantId, session, bodies } = test.newTenant();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, index) => {
        if (index % 2 === 0) return session.query(INSERT, [tenantId, index, `${index}`, null]);
        const controller = new AbortController();
        setTimeout(() => controller.abort(), index % 7);
        return session.query(SLEEP, [isServer ? 0.02 : 0], { signal: controller.signal });
      }),
    );
    const failures = outcomes.filter(({ status }) => status === "rejected");
    for (const failure of failures) expect(failure).toMatchObject({ reason: ABORTED });
    expect(await bodies()).toHaveLength(100);
  });

  it.runIf(isServer)("leaves no statement running on the server", async () => {
    const running = async () => {
      const sql = "select pid from pg_stat_activity where state = 'active' and query = $1";
      return (await test.database.asOwner((owner) => owner.query(sql, [SLEEP.text]))).length;
    };
    const controller = new AbortController();
    const given = test.newTenant().session.query(SLEEP, [30], { signal: controller.signal });
    given.catch(() => undefined);
    await expect.poll(running).toBe(1);
    controller.abort();
    await expect(given).rejects.toMatchObject(ABORTED);
    await expect.poll(running).toBe(0);
  });

  it("closes while a statement that was given up still runs", async () => {
    const own = await openNotes(engine, { statementTimeoutMs: 2_000 });
    const given = own.newTenant().session.query(SLEEP, [0.3], { signal: soon(20) });
    await expect(given).rejects.toMatchObject(ABORTED);
    await own[Symbol.asyncDispose]();
  });
});

describe.skipIf(!process.env["DATABASE_URL"])("giving a call up on a server that cannot be asked", () => {
  it("throws the connection away once its answer is in", async () => {
    const target = new URL(process.env["DATABASE_URL"] ?? "");
    const door = createServer((near) => {
      const far = tcpConnect(Number(target.port || 5432), target.hostname);
      near.pipe(far).pipe(near);
      near.on("error", () => far.destroy());
      far.on("error", () => near.destroy());
    });
    const listen = (port: number) => new Promise<void>((resolve) => door.listen(port, "127.0.0.1", resolve));
    await listen(0);
    const through = new URL(target);
    through.hostname = "127.0.0.1";
    const { port } = door.address() as { port: number };
    through.port = String(port);
    const database = await openPostgres({ url: through.href, schema: "public", poolMax: 1 });
    const session = database.platform();

    const [before] = await session.query(PID, []);
    // Connections that are there stay; there are no new ones.
    door.close();
    await expect(session.query(SLEEP, [0.5], { signal: soon() })).rejects.toMatchObject(ABORTED);
    const next = session.query(PID, []);
    await listen(port);
    expect(await next).not.toEqual([before]);
    await database[Symbol.asyncDispose]();
    door.close();
  });
});
