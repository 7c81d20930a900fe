import pg from "pg";
import { describe, expect, it } from "vitest";
import type { LifecyclePass, ProfileStore, TouchedItem } from "../../src/profiles/profile-store.ts";
import { until } from "../../src/testing/cache-store-under-test.ts";
import { namesOf, pass } from "../../src/testing/lifecycle-passes.ts";
import { at, itemSource, newField } from "../../src/testing/profile-records.ts";
import { addField, createCustomer } from "../../src/testing/profile-writes.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { openSqlEngine } from "./engines.ts";

// Where connections wait for each other's locks.
const server = sqlEngines().find(({ flavour }) => flavour === "postgres");

describe.skipIf(!server)("two passes at once on postgres", () => {
  it.each<readonly [string, (store: ProfileStore, of: LifecyclePass) => Promise<readonly TouchedItem[]>]>([
    ["expire", (store, of) => store.expireDue(of)],
    ["orphan", (store, of) => store.markOrphans(of)],
  ])("%s what is due until nothing is, also the one that had to wait for the other", async (_, run) => {
    await using engine = await openSqlEngine(server ?? expect.fail());
    await using lookout = await openLookout(engine.schema);
    const tenant = await engine.newTenant();
    for (const name of ["one", "two"]) {
      const { customerId } = await createCustomer(tenant);
      const due = { name, expiresAt: at(1), sources: [itemSource(newField(customerId))] };
      await addField(tenant, customerId, due);
    }
    let second: Promise<readonly TouchedItem[]> | undefined;
    const first = await tenant.profiles.transaction(async (store) => {
      const touched = await run(store, pass({ limit: 1 }));
      second = run(tenant.profiles, pass({ limit: 1 }));
      await until(lookout.seesWaiting);
      return touched;
    });
    expect(namesOf([...first, ...((await second) ?? [])])).toEqual(["one", "two"]);
    expect(await run(tenant.profiles, pass())).toEqual([]);
  });
});

/** A connection of its own that sees whether one of a schema's waits for a lock. */
async function openLookout(schema: string) {
  const client = new pg.Client(process.env["DATABASE_URL"]);
  await client.connect();
  const text = `select from pg_locks waiting where not waiting.granted and exists (select from pg_locks used
    join pg_class c on c.oid = used.relation join pg_namespace n on n.oid = c.relnamespace
    where used.pid = waiting.pid and n.nspname = $1)`;
  return {
    seesWaiting: async () => (await client.query(text, [schema])).rowCount !== 0,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
