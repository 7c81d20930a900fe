import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openRedis } from "../../src/storage/redis/connection.ts";
import { RedisCacheStore } from "../../src/storage/redis/redis-cache-store.ts";
import { EVERY_METHOD, until } from "../../src/testing/cache-store-under-test.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";

let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

/** A server that answers each command with what is given for its name. */
async function fakeServer(replies: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      const names = data.toString().match(/(?<=^\$\d+\r\n)[a-z]+(?=\r\n)/gim) ?? [];
      for (const name of names) {
        const reply = replies[name.toLowerCase()];
        if (reply !== undefined) socket.write(reply);
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  opened.defer(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address
    ? `redis://user:secret@127.0.0.1:${address.port}`
    : expect.fail("no port");
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const INFO_OLD = bulk("redis_version:6.0.16\r\nrun_id:0123\r\nloading:0\r\n");

async function failureOf(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error: unknown = await call.then(
    () => expect.fail("It did not reject"),
    (reason: unknown) => reason,
  );
  const { cause, stack } = error as Error;
  expect(cause).toBeUndefined();
  expect(`${stack} ${JSON.stringify(error)}`).not.toMatch(/secret|private/);
  return error as Record<string, unknown>;
}

describe("opening", () => {
  it("refuses a server that is too old, also one that is not required", async () => {
    const url = await fakeServer({ auth: "+OK\r\n", client: "+OK\r\n", info: INFO_OLD });
    for (const required of [true, false]) {
      expect(await failureOf(openRedis({ url, required }))).toMatchObject({
        code: "server_too_old",
        details: { found: "6.0.16", required: "Redis 6.2" },
      });
    }
  });

  it("refuses a server that runs no scripts", async () => {
    const info = bulk("redis_version:7.2.4\r\nrun_id:0123\r\nloading:0\r\n");
    const evalReply = "-ERR unknown command 'eval'\r\n";
    const url = await fakeServer({ auth: "+OK\r\n", client: "+OK\r\n", info, eval: evalReply });
    expect(await failureOf(openRedis({ url }))).toMatchObject({
      code: "server_too_old",
      details: { found: "7.2.4", required: "Lua scripts" },
    });
  });

  it("tells who is not let in, and nothing of what was sent", async () => {
    const url = await fakeServer({ auth: "-WRONGPASS invalid username-password pair\r\n" });
    expect(await failureOf(openRedis({ url }))).toMatchObject({
      code: "storage_unavailable",
      details: { reason: "WRONGPASS" },
      hint: expect.stringContaining("password"),
    });
  });

  it.each([
    "localhost:6379",
    "http://localhost",
    "redis://",
    "redis://h/x",
    "redis://u:%zzsecret@h",
    "redis://h/0?db=1",
  ])("refuses the URL %s without quoting it", async (url) => {
    expect(await failureOf(openRedis({ url }))).toMatchObject({ code: "invalid_configuration" });
  });

  it("refuses braces in the prefix of a cluster, where they choose the node", async () => {
    const call = openRedis({ url: "redis://127.0.0.1:1", cluster: true, keyPrefix: "a{b" });
    expect(await failureOf(call)).toMatchObject({ code: "invalid_configuration" });
  });
});

describe.skipIf(redisProblem())("a server", () => {
  async function openStore(commandTimeoutMs = 300) {
    const server = opened.use(await ScratchRedis.make());
    const connection = opened.use(await openRedis({ url: server.url, commandTimeoutMs }));
    return { server, connection, store: opened.use(new RedisCacheStore(connection)) };
  }

  it("that is not there yet is used when it comes, if it is not required", async () => {
    const server = opened.use(await ScratchRedis.make());
    await server.kill();
    expect(await failureOf(openRedis({ url: server.url }))).toMatchObject({ code: "storage_unavailable" });
    const connection = opened.use(await openRedis({ url: server.url, required: false, commandTimeoutMs: 1_000 }));
    const store = opened.use(new RedisCacheStore(connection));
    expect(await failureOf(store.ping())).toMatchObject({ code: "storage_unavailable" });
    expect(await store.getOrSet("private", async () => "loaded")).toBe("loaded");
    await server.start();
    await until(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      20_000,
    );
    expect(await store.set("k", 1)).toBe("stored");
  });

  it("that is killed fails every call at once, and serves again after its return", async () => {
    const { server, store } = await openStore(5_000);
    await store.set("private", 1);
    await server.kill();
    await until(() =>
      store.ping().then(
        () => false,
        () => true,
      ),
    );
    for (const [name, call] of Object.entries(EVERY_METHOD).filter(([each]) => each !== "getOrSet")) {
      const startedMs = performance.now();
      expect([name, (await failureOf(call(store)))["code"]]).toEqual([name, "storage_unavailable"]);
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    }
    expect(store.statistics().errors).toBeGreaterThan(10);
    await server.start();
    await until(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      20_000,
    );
    expect(await store.get("private")).toMatchObject({ hit: false });
  });

  it("that comes back with what it saved before a removal does not serve it", async () => {
    const { server, connection, store } = await openStore();
    await store.set("k", "old");
    const lookup = await store.get("other");
    await connection.send("save", [], { timeoutMs: 5_000 });
    await store.remove("k");
    await server.kill();
    await server.start();
    await until(
      () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      20_000,
    );
    expect(await connection.send("dbsize", [])).toBeGreaterThan(1);
    expect(await store.get("k")).toMatchObject({ hit: false });
    expect(await store.set("other", 1, { lease: lookup.hit ? undefined : lookup.lease })).toBe("refused");
    expect(await store.set("k", "new")).toBe("stored");
  });

  it("that is frozen is given up at the deadline, by hundreds at once, and sooner by who wants", async () => {
    const { server, store } = await openStore();
    await store.set("private", 1);
    server.freeze();
    const startedMs = performance.now();
    const calls = Array.from({ length: 300 }, (_, index) => failureOf(store.get(`private ${index}`)));
    const leaving = new AbortController();
    const left = failureOf(store.get("private", { signal: leaving.signal }));
    leaving.abort();
    expect(await Promise.race([left, ...calls])).toMatchObject({ code: "aborted" });
    for (const failure of await Promise.all(calls)) expect(failure["code"]).toBe("storage_timeout");
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    server.thaw();
    await until(() =>
      store.get("private").then(
        (lookup) => lookup.hit,
        () => false,
      ),
    );
  });

  it("that lost its scripts is sent them again", async () => {
    const { connection, store } = await openStore();
    await store.increment("n");
    await connection.send("script", ["flush"]);
    expect(await store.increment("n")).toEqual({ outcome: "counted", value: 2 });
  });

  it("that was emptied by somebody begins anew", async () => {
    const { connection, store } = await openStore();
    await store.set("k", 1);
    const lookup = await store.get("other");
    await connection.send("flushall", []);
    expect(await store.set("other", 1, { lease: lookup.hit ? undefined : lookup.lease })).toBe("refused");
    expect(await store.get("k")).toMatchObject({ hit: false });
    expect(await store.set("k", 2)).toBe("stored");
    expect(await store.get("k")).toEqual({ hit: true, value: 2 });
  });

  it("whose user has no right to ask for its version is used", async () => {
    const { server, connection } = await openStore();
    await connection.send("acl", ["setuser", "vault", "on", ">secret", "~*", "&*", "+@all", "-info"]);
    const url = server.url.replace("//", "//vault:secret@");
    const limited = opened.use(await openRedis({ url, commandTimeoutMs: 1_000 }));
    await new RedisCacheStore(limited).set("k", 1);
  });

  it("is closed with the connection", async () => {
    const { connection, store } = await openStore();
    const pending = store.get("k");
    await connection[Symbol.asyncDispose]();
    expect(await failureOf(pending)).toMatchObject({ code: "closed" });
    expect(await failureOf(store.get("k"))).toMatchObject({ code: "closed" });
    await connection[Symbol.asyncDispose]();
  });
});
