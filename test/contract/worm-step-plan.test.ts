import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import { WORM_READ, WORM_STEP, WORM_STEP_INDEXED } from "../../src/storage/postgres/postgres-worm-statements.ts";
import { seededIds } from "../../src/testing/seeded-ids.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { AT, ENTRY, entries } from "../../src/testing/worm-storage.ts";
import { openSqlWormStorage } from "./worm-storage-sql.ts";

/** As many as nobody has counted yet: statements are planned before there are statistics. */
const RECORDS = 3_000;
const PLACES = ["2000", "2099", 100];

describe.each(sqlEngines())("steps through a long log on $flavour", (engine) => {
  const tenantId = seededIds(8).uuid<TenantId>();
  let storage: Awaited<ReturnType<typeof openSqlWormStorage>>;

  beforeAll(async () => {
    storage = await openSqlWormStorage(engine);
    const store = storage.database.log(ENTRY, tenantId, "main");
    for (let first = 0; first < RECORDS; first += 1_000) await store.appendBatch(entries(1_000, first), AT);
  });
  afterAll(async () => {
    await storage[Symbol.asyncDispose]();
  });

  it.each([
    [WORM_READ, PLACES],
    [WORM_STEP, [...PLACES, 1_000_000]],
    [WORM_STEP_INDEXED, [...PLACES, 1_000_000]],
  ])("read the rows of $name and no others", async ({ name, text }, places) => {
    const session = storage.opened.database.forTenant(tenantId);
    const explain = { name: `explained_${name}`, text: `explain (analyze, costs off, timing off) ${text}` };
    const rows = await session.query<{ "QUERY PLAN": string }>(explain, [tenantId, ENTRY.name, "main", ...places]);
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toMatch(/Scan .*worm_records .*\(actual rows=100(?:\.00)? loops=1\)/);
    expect(plan).not.toMatch(/Rows Removed|actual rows=3000/);
  });
});
