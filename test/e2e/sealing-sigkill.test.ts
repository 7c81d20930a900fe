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

/** Nothing is lost, twice or out of order, and every docket is verified. */
function expectSound({ state, ranges, journal, sealed, dockets, checkpoint }: SealingFindings): void {
  expect({ state, ranges }).toEqual({ state: state === "none" ? "none" : "Healthy", ranges: 0 });
  expect(new Set(sealed).size).toBe(sealed.length);
  expect(journal).toEqual(expect.arrayContaining([...sealed]));
  expect(BigInt(checkpoint) <= BigInt(dockets)).toBe(true);
}

describe.each([...embedded, ...onServer, ...withMongo])(
  "SIGKILL at every step of sealing on $name",
  ({ storage, times }) => {
    it.each(times)("leaves the old or the new head, %s the step", { timeout: 300_000 }, async (when) => {
      const dataDirectory = await mkdtemp(join(tmpdir(), "strongroom-sealing-"));
      const settings = {
        dataDirectory,
        masterKey: MASTER_KEY,
        register: { sealMaxTransactions: 10, leaseMs: 1_000 },
        storage,
      };
      const deaths: number[] = [];
      try {
        for (let step = 1; ; step++) {
          const { found, made } = await live({ settings, step, when, events: EVENTS });
          expectSound(found);
          if (!made) {
            deaths.push(step);
            continue;
          }
          // The lease of the one before may have kept it from sealing; then the next life does.
          const last = made.sealed.length === made.journal.length ? made : await lastLife(settings);
          expectSound(last);
          expect(last.sealed.toSorted()).toEqual(last.journal.toSorted());
          expect(last.checkpoint).toBe(last.dockets);
          break;
        }
        // Each life has at least a lease, secrets, two dockets with their indexes and a checkpoint.
        expect(deaths.length).toBeGreaterThanOrEqual(7);
      } finally {
        await rm(dataDirectory, { recursive: true, force: true });
      }
    });
  },
);

async function lastLife(settings: object): Promise<SealingFindings> {
  for (let lives = 0; lives < 10; lives++) {
    const { made } = await live({ settings, step: 0, when: "before", events: 0 });
    if (made && made.sealed.length === made.journal.length) return made;
  }
  throw new Error("the journal is never sealed");
}
