import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isVaultError } from "../../errors.ts";
import { type TenantId, UuidV7Generator } from "../../identifiers.ts";
import { Migrator } from "../../migrations/migrator.ts";
import { startProgram } from "../../testing/child-program.ts";
import { INSERT, LIST, notesMigration, SCOPE } from "../../testing/notes-database.ts";
import { connectPGlite, openPGlite } from "./pglite-connection.ts";
import { PGliteThread } from "./pglite-thread.ts";
import type { SqlDatabase } from "./sql-database.ts";

const SCHEMA = "vault";
const tenantId = new UuidV7Generator().uuid<TenantId>();

let root: string;
let dataDirectory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "strongroom-pglite-"));
  dataDirectory = join(root, "data", "pglite");
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

function codeOf(error: unknown): unknown {
  return isVaultError(error) ? error.code : error;
}

async function openMigrated(directory: string | undefined): Promise<SqlDatabase> {
  const database = await openPGlite({ dataDirectory: directory, schema: SCHEMA });
  await new Migrator({ database, schema: SCHEMA, migrations: [notesMigration] }).up();
  return database;
}

/** A program that imports this folder's files and works on the data directory in its first argument. */
function program(body: string): string {
  const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  return `
    import { openPGlite } from ${from("./pglite-connection.ts")};
    import { Migrator } from ${from("../../migrations/migrator.ts")};
    import { INSERT, notesMigration } from ${from("../../testing/notes-database.ts")};
    const database = await openPGlite({ dataDirectory: process.argv[2], schema: "${SCHEMA}" });
    await new Migrator({ database, schema: "${SCHEMA}", migrations: [notesMigration] }).up();
    const session = database.forTenant("${tenantId}");
    ${body}
  `;
}

/** Twenty writers, each note in a transaction or on its own; prints the number of a note once it is acknowledged. */
const WRITERS = `
  let next = Number(process.argv[3]);
  async function write(writer) {
    for (;;) {
      const number = next++;
      const insert = (on) => on.query(INSERT, ["${tenantId}", number, "x".repeat(2000), null]);
      await (writer % 2 === 0 ? insert(session) : session.transaction(insert));
      console.log(number);
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)));
`;

describe("openPGlite", () => {
  it("keeps what was written, makes its directory and opens it again", async () => {
    const first = await openMigrated(dataDirectory);
    await first.forTenant(tenantId).query(INSERT, [tenantId, 1, "kept", null]);
    await first[Symbol.asyncDispose]();
    await using second = await openPGlite({ dataDirectory, schema: SCHEMA });
    expect(await second.forTenant(tenantId).query(LIST, [])).toMatchObject([{ body: "kept" }]);
    expect(existsSync(`${dataDirectory}.initializing`)).toBe(false);
  });

  it("flushes what it acknowledges, by the only call that reaches the disk", async () => {
    await using database = await openPGlite({ dataDirectory, schema: SCHEMA });
    const setting = (name: string) => database.asOwner((owner) => owner.query(`SHOW ${name}`));
    expect(await setting("fsync")).toEqual([{ fsync: "on" }]);
    expect(await setting("wal_sync_method")).toEqual([{ wal_sync_method: "fsync" }]);
    expect(await setting("full_page_writes")).toEqual([{ full_page_writes: "on" }]);
    expect(await setting("synchronous_commit")).toEqual([{ synchronous_commit: "on" }]);
  });

  it("starts over when it was killed before its first start was complete", async () => {
    await mkdir(dataDirectory, { recursive: true });
    await writeFile(join(dataDirectory, "PG_VERSION"), "18\n");
    await writeFile(`${dataDirectory}.initializing`, "");
    await using database = await openMigrated(dataDirectory);
    await database.ping();
  });

  it("starts although it was killed while it took the directory", async () => {
    const first = await openMigrated(dataDirectory);
    await first.forTenant(tenantId).query(INSERT, [tenantId, 1, "kept", null]);
    await first[Symbol.asyncDispose]();
    // It is made before anything is written to it.
    await writeFile(join(dataDirectory, "postmaster.pid"), "");
    await using second = await openPGlite({ dataDirectory, schema: SCHEMA });
    expect(await second.forTenant(tenantId).query(LIST, [])).toMatchObject([{ body: "kept" }]);
  });

  it("leaves a directory alone that is not its own, and says that it cannot start", async () => {
    await mkdir(dataDirectory, { recursive: true });
    await writeFile(join(dataDirectory, "PG_VERSION"), "18\n");
    await expect(openPGlite({ dataDirectory, schema: SCHEMA })).rejects.toMatchObject({
      code: "storage_unavailable",
      details: { reason: expect.stringContaining("postgresql.conf") },
      hint: expect.stringContaining("backup"),
    });
    expect(existsSync(join(dataDirectory, "PG_VERSION"))).toBe(true);
  });

  it("loses nothing that was acknowledged when the process is killed, again and again", {
    timeout: 90_000,
  }, async () => {
    const acknowledged = new Set<number>();
    for (let round = 0; round < 3; round++) {
      await using writers = await startProgram(program(WRITERS), [dataDirectory, String(round * 1_000_000)]);
      for (let count = 0; count < 60 + round * 45; count++) {
        const line = await writers.lines.next();
        if (line.done) expect.fail(writers.errors());
        acknowledged.add(Number(line.value));
      }
      writers.send("SIGKILL");
      expect(await writers.exit()).toBe("SIGKILL");
      // What it printed before the signal reached it was acknowledged too.
      for (let line = await writers.lines.next(); !line.done; line = await writers.lines.next()) {
        acknowledged.add(Number(line.value));
      }
    }
    await using database = await openMigrated(dataDirectory);
    const found = await database.forTenant(tenantId).query<{ id: number; body: string }>(LIST, []);
    const lost = acknowledged.difference(new Set(found.map(({ id }) => id)));
    expect(acknowledged.size).toBeGreaterThan(300);
    expect([...lost]).toEqual([]);
    expect(found.every(({ body }) => body.length === 2000)).toBe(true);
  });

  it("lets the process end once it is closed, and prints nothing", async () => {
    await using child = await startProgram(
      program(`
        await session.query(INSERT, ["${tenantId}", 1, "one", null]);
        await session.query({ name: "bad", text: "select 1 / 0" }, []).catch(() => undefined);
        await database.asOwner((owner) => owner.execute("do $$ begin raise warning 'noise'; end $$"));
        await database[Symbol.asyncDispose]();
      `),
      [dataDirectory],
    );
    expect((await child.lines.next()).done).toBe(true);
    expect(await child.exit()).toBe(0);
    expect(child.errors()).toBe("");
  });

  it("leaves the event loop to others under twenty callers", async () => {
    await using database = await openMigrated(undefined);
    const session = database.forTenant(tenantId);
    for (let id = 0; id < 50; id++) await session.query(INSERT, [tenantId, id, "x".repeat(100), null]);
    const gapMs = async () => {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      let calls = 0;
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          while (calls++ < 2_000) await session.query(LIST, []);
        }),
      );
      delay.disable();
      return delay.max / 1e6;
    };
    const gaps = [await gapMs(), await gapMs(), await gapMs()];
    // The goal is 60 ms on an idle machine; on the caller's thread it would be most of a second each time.
    expect(Math.min(...gaps)).toBeLessThan(200);
  });

  it("answers large rows and takes large values", async () => {
    await using database = await openMigrated(undefined);
    const session = database.forTenant(tenantId);
    const body = "ü🗝".repeat(500_000);
    await session.query(INSERT, [tenantId, 1, body, null]);
    const [row] = await session.query<{ body: string }>(LIST, []);
    expect(row?.body === body).toBe(true);
    expect(await session.query(SCOPE, [])).toMatchObject([{ scope: tenantId }]);
  });
});

describe("a PGlite thread that dies", () => {
  it("ends when the log cannot be written, loses nothing, and starts again with the next call when it can", async () => {
    await using database = await openMigrated(dataDirectory);
    const session = database.forTenant(tenantId);
    await session.query(INSERT, [tenantId, 1, "kept", null]);
    // The next segment of the log has no place to be.
    const [log, aside] = [join(dataDirectory, "pg_wal"), join(root, "aside")];
    await rename(log, aside);
    const calls = [
      () => database.asOwner((owner) => owner.query("select pg_switch_wal()")),
      () => session.query(INSERT, [tenantId, 2, "lost", null]),
      () => session.transaction((transaction) => transaction.query(LIST, [])),
      () => database.ping(),
    ];
    const codes: unknown[] = [];
    for (const call of calls) codes.push(await call().then(() => "answered", codeOf));
    expect(codes.slice(1)).toEqual(Array(3).fill("storage_unavailable"));
    await rename(aside, log);
    const readers = Array.from({ length: 5 }, () => session.query(LIST, []));
    for (const rows of await Promise.all(readers)) expect(rows).toMatchObject([{ body: "kept" }]);
    await session.transaction((transaction) => transaction.query(INSERT, [tenantId, 2, "new", null]));
    await database.asOwner((owner) => owner.query("select 1"));
    await database[Symbol.asyncDispose]();
    await using again = await openPGlite({ dataDirectory, schema: SCHEMA });
    expect(await again.forTenant(tenantId).query(LIST, [])).toHaveLength(2);
  });

  it("rejects what waits and what comes later with storage_unavailable, and closes", async () => {
    const thread = await PGliteThread.start(undefined);
    const database = connectPGlite(thread, { schema: SCHEMA });
    await new Migrator({ database, schema: SCHEMA, migrations: [] }).up();
    const session = database.platform();
    await database.ping();
    const pending = [
      database.ping(),
      session.query({ name: "sleep", text: "select pg_sleep(30)" }, []),
      session.transaction((transaction) => transaction.query(SCOPE, [])),
    ].map((call) =>
      call.then(
        () => "answered",
        (error: { code: string }) => error.code,
      ),
    );
    await thread.end(false);
    const [, ...others] = await Promise.all(pending);
    expect(others).toEqual(["storage_unavailable", "storage_unavailable"]);
    const later = [
      () => database.ping(),
      () => session.transaction((transaction) => transaction.query(SCOPE, [])),
      () => database.asOwner((owner) => owner.execute("select 1")),
    ];
    for (const call of later) await expect(call()).rejects.toMatchObject({ code: "storage_unavailable" });
    await database[Symbol.asyncDispose]();
    await expect(database.ping()).rejects.toMatchObject({ code: "closed" });
  });
});
