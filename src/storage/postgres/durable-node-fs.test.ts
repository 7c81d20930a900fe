import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { seededBytes } from "../../testing/seeded-ids.ts";
import { VolatileNodeFS } from "../../testing/volatile-disk.ts";
import { DURABLE_START_PARAMETERS } from "./durable-node-fs.ts";

let root: string;
let disk: VolatileNodeFS;
let database: PGlite;

/** Making a database takes seconds, so each test gets a copy of one. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "strongroom-power-"));
  await using template = await PGlite.create(join(root, "template"));
  await template.exec("CREATE TABLE kept (id integer PRIMARY KEY, body text NOT NULL)");
});
afterAll(() => rm(root, { recursive: true }));

async function open(startParams: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(root, "machine-"));
  await cp(join(root, "template"), join(folder, "live"), { recursive: true });
  disk = new VolatileNodeFS(join(folder, "live"), join(folder, "disk"));
  database = await PGlite.create({ fs: disk, startParams: [...startParams] });
}

const insert = (id: number) => database.query("INSERT INTO kept VALUES ($1, $2)", [id, `${id} `.repeat(500)]);

async function insertAll(from: number, to: number): Promise<void> {
  for (let id = from; id <= to; id++) await insert(id);
}

/** The rows that are there after the power came back, read through the table and through its index. */
async function afterPowerFailure(seed: number): Promise<{ readonly ids: number[]; readonly byIndex: number }> {
  const bytes = seededBytes(seed);
  await using revived = await PGlite.create(disk.losePower(() => (bytes(1)[0] ?? 0) < 128));
  await revived.exec("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off");
  const { rows } = await revived.query<{ id: number; body: string }>("SELECT id, body FROM kept ORDER BY id");
  expect(rows.every(({ id, body }) => body === `${id} `.repeat(500))).toBe(true);
  await revived.exec("RESET ALL; SET enable_seqscan = off");
  const { rows: counted } = await revived.query<{ count: number }>("SELECT count(*)::int FROM kept WHERE id >= 0");
  return { ids: rows.map(({ id }) => id), byIndex: counted[0]?.count ?? 0 };
}

it.each([1, 2, 3])(
  "keeps what was acknowledged when the power fails, and nothing that was not (seed %i)",
  async (seed) => {
    await open(DURABLE_START_PARAMETERS);
    await insertAll(1, 20);
    // What the log no longer tells has to be on the disk by then: a rewritten table, and pages of the old one.
    await database.exec("DELETE FROM kept WHERE id > 15");
    await database.exec("VACUUM FULL kept");
    await database.exec("CHECKPOINT");
    await insertAll(16, 40);
    await database.exec("BEGIN");
    await insertAll(41, 60);
    const ids = Array.from({ length: 40 }, (_, index) => index + 1);
    expect(await afterPowerFailure(seed)).toEqual({ ids, byIndex: 40 });
  },
);

it.each([
  ["PGlite's own", PGlite.defaultStartParams],
  ["those with a log that is never flushed", DURABLE_START_PARAMETERS.slice(0, -2)],
])("loses it under other start parameters: %s", async (_, startParams) => {
  await open(startParams);
  await insertAll(1, 20);
  // A database that does not start any more has kept nothing.
  const kept = await afterPowerFailure(1).catch(() => ({ ids: [] }));
  expect(kept.ids.length).toBeLessThan(20);
});

it("acknowledges nothing that could not be flushed", async () => {
  await open(DURABLE_START_PARAMETERS);
  await insert(1);
  disk.isBroken = true;
  await expect(insert(2)).rejects.toThrow();
  expect((await afterPowerFailure(1)).ids).toContain(1);
});
