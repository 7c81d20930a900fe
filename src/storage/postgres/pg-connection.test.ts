import { createServer, type Server, type Socket, connect as tcpConnect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type TenantId, UuidV7Generator } from "../../identifiers.ts";
import { Migrator } from "../../migrations/migrator.ts";
import { openPostgres } from "./pg-connection.ts";
import type { SqlDatabase, SqlStatement } from "./sql-database.ts";

const ONE: SqlStatement = { name: "test_one", text: "select 1 as one" };
const SLEEP: SqlStatement = { name: "test_sleep", text: "select pg_sleep($1::float8)" };
const PID: SqlStatement = { name: "test_pid", text: "select pg_backend_pid() as pid" };

const url = process.env["DATABASE_URL"];
const tenantId = new UuidV7Generator().uuid<TenantId>();
const closers: (() => Promise<void> | PromiseLike<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function listen(onConnection: (socket: Socket) => void, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer(onConnection);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, port: (server.address() as { port: number }).port };
}

function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.fail("was expected to fail"),
    (error: unknown) => error as Error,
  );
}

function everythingIn(error: Error): string {
  return JSON.stringify([error, error.message, Object.assign({}, error), String(error)]);
}

describe("openPostgres", () => {
  it.each(["postgres://admin:pa55@db.internal:notaport/db", "http://admin:pa55@db.internal", ""])(
    "refuses the URL %j",
    async (bad) => {
      const error = await rejection(openPostgres({ url: bad, schema: "s", connectTimeoutMs: 500 }));
      expect(error).toMatchObject({ code: "invalid_configuration" });
      expect(everythingIn(error)).not.toMatch(/pa55|db\.internal/);
    },
  );

  it("reports a server that does not listen, without saying where it was looked for", async () => {
    const { server, port } = await listen(() => undefined);
    server.close();
    const address = `postgres://admin:pa55@127.0.0.1:${port}/db`;
    const error = await rejection(openPostgres({ url: address, schema: "s" }));
    expect(error).toMatchObject({ code: "storage_unavailable", retryable: true });
    expect(everythingIn(error)).not.toMatch(/pa55|admin|127\.0\.0\.1/);
  });

  it("gives up on a server that accepts and says nothing", async () => {
    const sockets: Socket[] = [];
    const { server, port } = await listen((socket) => sockets.push(socket));
    closers.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const startedAt = performance.now();
    const opening = openPostgres({ url: `postgres://127.0.0.1:${port}/db`, schema: "s", connectTimeoutMs: 200 });
    expect(await rejection(opening)).toMatchObject({ code: "storage_unavailable" });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it.each([
    ["is older than 14", { version: "130015", encoding: "UTF8" }],
    ["keeps text in another encoding", { version: "170002", encoding: "SQL_ASCII" }],
  ])("refuses a server that %s", async (_, answer) => {
    const { server, port } = await listen((socket) => answerAsServer(socket, [answer.version, answer.encoding]));
    closers.push(async () => void server.close());
    const opening = openPostgres({ url: `postgres://admin@127.0.0.1:${port}/db?sslmode=disable`, schema: "s" });
    expect(await rejection(opening)).toMatchObject({ code: "database_too_old" });
  });
});

/** As much of the protocol as it takes to be asked for two columns. */
function answerAsServer(socket: Socket, values: readonly string[]): void {
  const message = (type: string, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
  const int32 = (value: number) => Buffer.concat([int16(value >> 16), int16(value & 0xffff)]);
  const text = (value: string) => Buffer.from(`${value}\0`);
  const ready = message("Z", Buffer.from("I"));
  const column = (name: string, oid: number) =>
    Buffer.concat([text(name), int32(0), int16(0), int32(oid), int16(4), int32(-1), int16(0)]);
  const rows = [
    message("T", int16(2), column("version", 23), column("encoding", 25)),
    message("D", int16(2), ...values.flatMap((value) => [int32(value.length), Buffer.from(value)])),
  ];
  let started = false;
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => {
    if (!started) {
      started = true;
      socket.write(Buffer.concat([message("R", int32(0)), ready]));
    } else if (bytes[0] === "Q".charCodeAt(0)) {
      const isQuestion = bytes.includes("server_version_num");
      socket.write(Buffer.concat([...(isQuestion ? rows : []), message("C", text("SELECT 1")), ready]));
    } else socket.end();
  });
}

/** A way to the server that can be cut, frozen and restored. */
class Proxy {
  readonly #target: URL;
  #server: Server | undefined;
  #sockets: Socket[] = [];
  #isFrozen = false;
  port = 0;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  get url(): string {
    const through = new URL(this.#target);
    through.hostname = "127.0.0.1";
    through.port = String(this.port);
    return through.href;
  }

  async open(): Promise<void> {
    const { server, port } = await listen((near) => this.#join(near), this.port);
    this.#server = server;
    this.port = port;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    await closed;
  }

  /** Nothing gets through any more, and no connection ends. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #join(near: Socket): void {
    const far = tcpConnect(Number(this.#target.port || 5432), this.#target.hostname);
    this.#sockets.push(near, far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.on("data", (bytes) => to.write(bytes));
      if (this.#isFrozen) from.pause();
    }
  }
}

describe.skipIf(!url)("a database on a server", () => {
  async function open(options: Partial<Parameters<typeof openPostgres>[0]> = {}): Promise<SqlDatabase> {
    const schema = `test_${tenantId.replaceAll("-", "")}`;
    const place = { url: url ?? "", schema };
    // Not with the limits of a test, which are for what it does itself.
    await using patient = await openPostgres(place);
    await new Migrator({ database: patient, schema, migrations: [] }).up();
    const database = await openPostgres({ ...place, ...options });
    closers.push(() => database[Symbol.asyncDispose]());
    closers.push(() => database.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`)));
    return database;
  }

  it("cancels a statement that takes too long, and goes on", async () => {
    const session = (await open({ statementTimeoutMs: 100, poolMax: 1 })).forTenant(tenantId);
    const [before] = await session.query(PID, []);
    expect(await rejection(session.query(SLEEP, [30]))).toMatchObject({ code: "storage_timeout" });
    expect(await session.query(PID, [])).toEqual([before]);
    const inTransaction = session.transaction((transaction) => transaction.query(SLEEP, [30]));
    expect(await rejection(inTransaction)).toMatchObject({ code: "storage_timeout" });
    expect(await session.query(PID, [])).toEqual([before]);
  });

  it("serves more callers than it has connections, and tells those it cannot", async () => {
    const session = (await open({ poolMax: 2 })).forTenant(tenantId);
    const many = await Promise.all(Array.from({ length: 200 }, () => session.query(ONE, [])));
    expect(many).toHaveLength(200);
    const hurried = (await open({ poolMax: 2, connectTimeoutMs: 300 })).forTenant(tenantId);
    const tooMany = await Promise.allSettled(Array.from({ length: 3 }, () => hurried.query(SLEEP, [1])));
    expect(tooMany.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(tooMany.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "storage_timeout" } });
  });

  it("replaces connections that the server ends, whatever they were doing", async () => {
    const database = await open({ poolMax: 4 });
    const session = database.forTenant(tenantId);
    const killAll = () =>
      database.asOwner((owner) =>
        owner.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = $1",
          ["to be killed"],
        ),
      );
    const named: SqlStatement = { name: "test_name", text: "set application_name to 'to be killed'" };

    await session.query(named, []);
    await killAll();
    // The idle connection is gone or is found to be; no process ends because of it.
    await session.query(ONE, []).catch(() => undefined);
    expect(await session.query(ONE, [])).toEqual([{ one: 1 }]);

    const running = session.transaction(async (transaction) => {
      await transaction.query(named, []);
      const sleeping = rejection(transaction.query(SLEEP, [30]));
      await killAll();
      expect(await sleeping).toMatchObject({ code: "storage_unavailable" });
      await transaction.query(ONE, []);
    });
    expect(await rejection(running)).toMatchObject({ code: "storage_unavailable" });

    const idleInTransaction = session.transaction(async (transaction) => {
      await transaction.query(named, []);
      await killAll();
      await transaction.query(ONE, []);
    });
    expect(await rejection(idleInTransaction)).toMatchObject({ code: "storage_unavailable" });
    expect(await session.query(ONE, [])).toEqual([{ one: 1 }]);
  });

  it("rejects at once while the server is away and works again when it is back", async () => {
    const proxy = new Proxy(url ?? "");
    await proxy.open();
    closers.push(() => proxy.cut());
    const database = await open({ url: proxy.url, poolMax: 3 });
    const session = database.forTenant(tenantId);
    await Promise.all(Array.from({ length: 3 }, () => session.query(ONE, [])));

    const cutOff = Promise.allSettled(Array.from({ length: 6 }, () => session.query(SLEEP, [30])));
    await database.asOwner((owner) => owner.query("select 1"));
    await proxy.cut();
    for (const outcome of await cutOff) expect(outcome).toMatchObject({ reason: { code: "storage_unavailable" } });
    for (const call of [
      () => session.query(ONE, []),
      () => session.transaction((tx) => tx.query(ONE, [])),
      () => database.ping(),
    ]) {
      const startedAt = performance.now();
      expect(await rejection(call())).toMatchObject({ code: "storage_unavailable" });
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    }

    await proxy.open();
    expect(await session.query(ONE, [])).toEqual([{ one: 1 }]);
    await database.ping();
  });

  it("cuts connections to a server that is frozen and works again when it thaws", async () => {
    const proxy = new Proxy(url ?? "");
    await proxy.open();
    closers.push(() => proxy.cut());
    const database = await open({ url: proxy.url, poolMax: 2, statementTimeoutMs: 200, connectTimeoutMs: 500 });
    const session = database.forTenant(tenantId);
    await Promise.all([session.query(ONE, []), session.query(ONE, [])]);
    proxy.freeze();
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => rejection(session.query(ONE, []))));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        code: expect.stringMatching(/^storage_(unavailable|timeout)$/),
        retryable: true,
      });
    }
    expect(await rejection(session.query(ONE, []))).toMatchObject({ code: "storage_unavailable" });
    proxy.thaw();
    expect(await session.query(ONE, [])).toEqual([{ one: 1 }]);
  });

  it("closes although a transaction never ends", async () => {
    const database = await openPostgres({ url: url ?? "", schema: "public", statementTimeoutMs: 100 });
    const stuck = database.platform().transaction(async (transaction) => {
      await transaction.query(ONE, []);
      await new Promise(() => undefined);
    });
    stuck.catch(() => undefined);
    await database.ping();
    await database[Symbol.asyncDispose]();
    expect(await rejection(database.ping())).toMatchObject({ code: "closed" });
  });

  it("refuses a database that does not exist", async () => {
    const missing = new URL(url ?? "");
    missing.pathname = "/no_such_database_here";
    const error = await rejection(openPostgres({ url: missing.href, schema: "s" }));
    expect(error).toMatchObject({ code: "invalid_configuration", retryable: false });
  });
});
