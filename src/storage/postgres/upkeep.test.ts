import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type NotesDatabase, openNotes } from "../../testing/notes-database.ts";
import { sqlEngines } from "../../testing/sql-engines.ts";
import { Upkeep } from "./upkeep.ts";

describe("Upkeep", () => {
  const after = async (calls: number, upkeep: Upkeep): Promise<void> => {
    for (let call = 0; call < calls; call++) {
      upkeep.count();
      await Promise.resolve();
    }
  };

  it("works after the first calls, and again whenever their number has doubled", async () => {
    const worked: number[] = [];
    let calls = 0;
    const upkeep = new Upkeep(async () => void worked.push(calls));
    for (calls = 1; calls <= 3_500; calls++) await after(1, upkeep);
    expect(worked[0]).toBe(250);
    expect(worked).toHaveLength(4);
    for (const [index, at] of worked.slice(1).entries()) expect(at).toBeGreaterThanOrEqual(2 * (worked[index] ?? 0));
  });

  it("goes on after work that failed, works once at a time, and not after its end", async () => {
    let runs = 0;
    const upkeep = new Upkeep(() => {
      runs++;
      return Promise.reject(new Error("busy"));
    });
    await after(1_900, upkeep);
    expect(runs).toBe(3);
    await upkeep.end();
    await after(10_000, upkeep);
    expect(runs).toBe(3);
  });
});

describe("on the embedded database", () => {
  let notes: NotesDatabase;
  beforeAll(async () => {
    const [pglite] = sqlEngines();
    if (!pglite) throw new Error("there is always the embedded engine");
    notes = await openNotes(pglite);
  });
  afterAll(() => notes[Symbol.asyncDispose]());

  it("tables are measured without anybody asking", async () => {
    const { database } = notes;
    for (let call = 0; call < 300; call++) await database.ping();
    const measured = async () => {
      const rows = await database.asOwner((owner) =>
        owner.query<{ reltuples: number }>("select reltuples from pg_class where relname = 'notes' and relkind = 'r'"),
      );
      expect(rows.every(({ reltuples }) => reltuples >= 0)).toBe(true);
      expect(rows.length).toBeGreaterThan(0);
    };
    await vi.waitFor(measured, { timeout: 10_000 });
  });
});
