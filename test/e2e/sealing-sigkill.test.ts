import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startProgram } from "../../src/testing/child-program.ts";
import { RUNS_EMBEDDED } from "../../src/testing/sql-engines.ts";
import type { SealingFindings, SealingLife } from "./sealing-steps.ts";
import { TestServers } from "./test-servers.ts";

const MASTER_KEY = "22".repeat(32);
/** More than one docket's worth, so that there are steps between dockets. */
const EVENTS = 15;
/** From the clock of one life to that of the next: longer than any lease, so that no life waits for a dead one's. */
const BETWEEN_LIVES_MS = 600_000;
const STEPS_URL = new URL("./sealing-steps.ts", import.meta.url).href;

const BOTH = ["before", "after"] as const;

const servers = new TestServers();
const embedded = RUNS_EMBEDDED ? [{ name: "pglite", storage: {}, times: ["after"] as const }] : [];
const onServer = servers.postgres.map((postgres) => ({
  name: "postgres",
  storage: { warm: { relational: { postgres } } },
  times: BOTH,
}));
const withMongo = servers.postgres.flatMap((postgres) =>
  servers.mongodb.map((mongodb) => ({
    name: "postgres and mongodb",
    times: ["after"] as const,
    storage: {
      warm: { relational: { postgres: { ...postgres, schema: `${postgres.schema}_m` } } },
      cold: { engine: "mongodb", mongodb },
    },
  })),
);

afterAll(() => servers[Symbol.asyncDispose]());

/** One life of the process: what it found, and whether it came to its end. */
async function live(life: SealingLife): Promise<{ readonly found: SealingFindings; readonly made?: SealingFindings }> {
  await using program = await startProgram(
    `import { liveOnce } from ${JSON.stringify(STEPS_URL)}; await liveOnce(JSON.parse(process.argv[2]));`,
    [JSON.stringify(life)],
  );
  const lines: SealingFindings[] = [];
  for await (const line of { [Symbol.asyncIterator]: () => program.lines })
    lines.push(JSON.parse(line) as SealingFindings);
  const exit = await program.exit();
  const [found, made] = lines;
  if (!found) throw new Error(`The process ended with ${exit}: ${program.errors()}`);
  expect({ exit, errors: program.errors() }).toMatchObject({ exit: made ? 0 : "SIGKILL" });
  return { found, ...(made && { made }) };
}

/** Nothing is lost, twice or out of order, and every docket is verified and can be proven. */
function expectSound({ state, ranges, unproven, journal, sealed, dockets, checkpoint }: SealingFindings): void {
  expect({ state, ranges, unproven }).toEqual({
    state: state === "none" ? "none" : "Healthy",
    ranges: 0,
    unproven: [],
  });
  expect(new Set(sealed).size).toBe(sealed.length);
  expect(journal).toEqual(expect.arrayContaining([...sealed]));
  expect(BigInt(checkpoint) <= BigInt(dockets)).toBe(true);
}

describe.each([...embedded, ...onServer, ...withMongo])(
  "SIGKILL at every step of sealing on $name",
  ({ storage, times }) => {
    let lives = 0;
    it.each(times)("leaves the old or the new head, %s the step", { timeout: 300_000 }, async (when) => {
      const dataDirectory = await mkdtemp(join(tmpdir(), "strongroom-sealing-"));
      const settings = {
        dataDirectory,
        masterKey: MASTER_KEY,
        register: { sealMaxTransactions: 10 },
        storage,
      };
      const deaths: number[] = [];
      try {
        for (let step = 1; ; step++) {
          const aheadMs = ++lives * BETWEEN_LIVES_MS;
          const { found, made } = await live({ settings, step, when, events: EVENTS, aheadMs });
          expectSound(found);
          if (!made) {
            deaths.push(step);
            continue;
          }
          expectSound(made);
          expect(made.sealed.toSorted()).toEqual(made.journal.toSorted());
          expect(made.checkpoint).toBe(made.dockets);
          break;
        }
        // The last life has at least a lease, secrets and two dockets with their indexes, a checkpoint, and a release.
        expect(deaths.length).toBeGreaterThanOrEqual(8);
      } finally {
        await rm(dataDirectory, { recursive: true, force: true });
      }
    });
  },
);
