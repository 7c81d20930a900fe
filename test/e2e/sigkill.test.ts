import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openPostgres } from "../../src/storage/postgres/pg-connection.ts";
import { RUNS_EMBEDDED } from "../../src/testing/sql-engines.ts";
import { HttpApi } from "./http-api.ts";
import { runStrongroom, type ServingProcess, type StrongroomOptions, serve } from "./strongroom-process.ts";
import { defineLoadFields, WriteLoad } from "./write-load.ts";
import { expectEverythingWritten, storedFiles } from "./written-state.ts";

const KEY = "operators-own-key";
const SEED = 20_260_303;
const CLIENTS = 8;

interface Place {
  readonly name: string;
  readonly rounds: number;
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** The embedded database, and the server that DATABASE_URL names, if it names one, in a schema of its own. */
function places(): Place[] {
  const embedded: Place = { name: "pglite", rounds: 10, environment: {}, remove: async () => undefined };
  const url = process.env["DATABASE_URL"];
  return [...(RUNS_EMBEDDED ? [embedded] : []), ...(url ? [onServer(url)] : [])];
}

function onServer(url: string): Place {
  const schema = `test_${randomBytes(8).toString("hex")}`;
  return {
    name: "postgres",
    rounds: 4,
    environment: { DATABASE_URL: url, STRONGROOM__STORAGE__WARM__RELATIONAL__POSTGRES__SCHEMA: schema },
    async remove() {
      await using cleaner = await openPostgres({ url, schema, poolMax: 1 });
      await cleaner.asOwner((owner) => owner.execute(`drop schema if exists ${schema} cascade`));
    },
  };
}

describe.each(places())("SIGKILL under write load on $name", (place) => {
  it("loses nothing that was confirmed and does nothing twice, again and again", { timeout: 240_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), "strongroom-sigkill-"));
    const environment = { STRONGROOM_API_KEY: KEY, ...place.environment };
    const load = new WriteLoad(SEED);
    try {
      const figures = await killAgainAndAgain(load, place.rounds, { directory, environment });
      process.stderr.write(`SIGKILL on ${place.name}: ${JSON.stringify(figures)}\n`);
    } finally {
      await place.remove();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

async function killAgainAndAgain(load: WriteLoad, rounds: number, options: StrongroomOptions): Promise<object> {
  const reopenedMs: number[] = [];
  const openRequests: number[] = [];
  let killedStarts = 0;
  for (let round = 0; round < rounds; round++) {
    await using server = await serve(options);
    if (round > 0) reopenedMs.push(Math.round(server.readyMs));
    const api = new HttpApi(server.url, KEY);
    await defineLoadFields(api);
    await expectEverythingWritten(api, load);
    await killUnderLoad(load, server, api);
    openRequests.push(load.open.size);
    if (round % 3 === 1) {
      await killDuringStart(load.below(1_200), options);
      killedStarts++;
    }
  }
  await using server = await serve(options);
  await expectEverythingWritten(new HttpApi(server.url, KEY), load);
  server.program.send("SIGTERM");
  expect(await server.program.exit()).toBe(0);
  const { customers, fields, assets } = load.acknowledged;
  expect(load.writes).toBeGreaterThan(rounds * 20);
  return {
    kills: rounds,
    killedStarts,
    confirmedWrites: load.writes,
    customers: customers.size,
    fieldVersions: fields.size,
    assets: assets.size,
    openRequests,
    filesWithoutAsset: (await storedFiles(join(options.directory, "data"))).length - assets.size,
    foundDone: load.foundDone,
    reopenedMs,
  };
}

async function killUnderLoad(load: WriteLoad, { program }: ServingProcess, api: HttpApi): Promise<void> {
  const enough = load.confirmed(20 + load.below(150));
  const running = load.run(api, CLIENTS);
  await Promise.race([enough, running]);
  // Not when an answer has just come, but anywhere in the work on the next ones.
  await delay(load.below(25));
  program.send("SIGKILL");
  expect(await program.exit()).toBe("SIGKILL");
  await running;
  expect(load.refusals.map(({ status, bytes }) => `${status} ${bytes.toString()}`)).toEqual([]);
}

async function killDuringStart(afterMs: number, options: StrongroomOptions): Promise<void> {
  await using program = await runStrongroom(["serve", "--json"], options);
  await delay(afterMs);
  program.send("SIGKILL");
  expect(await program.exit()).toBe("SIGKILL");
}
