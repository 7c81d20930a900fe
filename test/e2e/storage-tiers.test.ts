import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../src/testing/free-port.ts";
import { runStrongroom, type ServingProcess, serve } from "./strongroom-process.ts";

interface Finished {
  readonly exitCode: number | string;
  readonly output: string;
  readonly errors: string;
}

/** Nothing listens there. */
const NOWHERE = "127.0.0.1:1";
const POSTGRES = { DATABASE_URL: `postgres://vault:hunter2@${NOWHERE}/vault` };
const REDIS = { REDIS_URL: `redis://:hunter2@${NOWHERE}/0` };
const MONGODB = { STRONGROOM__STORAGE__COLD__ENGINE: "mongodb", MONGODB_URL: `mongodb://vault:hunter2@${NOWHERE}/` };
const MEMORY = { STRONGROOM__STORAGE__WARM__RELATIONAL__ENGINE: "in-memory" };
/** How long a MongoDB server is looked for. */
const SOON = { STRONGROOM__STORAGE__COLD__MONGODB__CONNECT_TIMEOUT_MS: "300" };

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-tiers-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function run(argv: readonly string[], environment: Record<string, string>): Promise<Finished> {
  await using program = await runStrongroom(argv, { directory, environment });
  const lines: string[] = [];
  for (let line = await program.lines.next(); !line.done; line = await program.lines.next()) lines.push(line.value);
  return { exitCode: await program.exit(), output: lines.join("\n"), errors: program.errors() };
}

async function readinessOf({ url }: ServingProcess): Promise<{ httpStatus: number; status: string; tiers: unknown[] }> {
  const response = await fetch(`${url}/ready`);
  return { httpStatus: response.status, ...((await response.json()) as { status: string; tiers: unknown[] }) };
}

describe("serve on tiers that are away", () => {
  it("reports all that it cannot open, quotes no secret, and listens nowhere", async () => {
    const port = await freePort();
    const environment = {
      ...POSTGRES,
      ...REDIS,
      ...MONGODB,
      ...SOON,
      STRONGROOM__STORAGE__HOT__REQUIRED: "true",
      PORT: String(port),
    };
    const { exitCode, output, errors } = await run(["serve"], environment);
    expect(exitCode).toBe(13);
    expect(output).toBe("");
    expect(errors).toContain("3 storage tiers cannot be opened");
    for (const section of ["hot.redis", "warm.relational.postgres", "cold.mongodb"]) {
      expect(errors).toContain(`Start its server, or correct the address in storage.${section}.`);
    }
    expect(errors).not.toContain("hunter2");
    expect(errors).not.toMatch(/^\s+at /m);
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  });

  it("US1-4: reports what is wrong with the configuration before it tries anything", async () => {
    const environment = {
      ...POSTGRES,
      STRONGROOM__STORAGE__COLD__ENGINE: "tape",
      STRONGROOM__STORAGE__HOT__ENGIN: "redis",
    };
    const { exitCode, errors } = await run(["serve"], environment);
    expect(exitCode).toBe(2);
    expect(errors).toContain('"postgres"|"mongodb"|"in-memory". Got "tape" from STRONGROOM__STORAGE__COLD__ENGINE');
    expect(errors).toContain("Did you mean STRONGROOM__STORAGE__HOT__ENGINE?");
    expect(errors).not.toContain("cannot be opened");
  });

  it("FR-003: starts without a cache that may be missing, is degraded and ready, and says so once", async () => {
    await using started = await serve({ directory, environment: { ...MEMORY, ...REDIS } });
    const { httpStatus, status, tiers } = await readinessOf(started);
    expect([httpStatus, status]).toEqual([200, "degraded"]);
    expect(tiers).toContainEqual(
      expect.objectContaining({ tier: "hot", engine: "redis", status: "down", circuit: "open" }),
    );
    for (let request = 0; request < 20; request++) expect((await fetch(`${started.url}/health`)).status).toBe(200);
    const changes = started.program.errors().match(/storage_state_changed/g);
    expect(changes).toHaveLength(1);
  });

  it("starts without records that may be missing", async () => {
    const environment = { ...MEMORY, ...MONGODB, ...SOON, STRONGROOM__STORAGE__COLD__REQUIRED: "false" };
    await using started = await serve({ directory, environment });
    const { httpStatus, status, tiers } = await readinessOf(started);
    expect([httpStatus, status]).toEqual([200, "degraded"]);
    expect(tiers).toContainEqual(
      expect.objectContaining({ tier: "cold", engine: "mongodb", status: "down", required: false }),
    );
  });
});

describe("doctor", () => {
  it("finds the embedded tiers well and changes nothing", async () => {
    const { exitCode, output } = await run(["doctor"], {});
    expect(exitCode).toBe(0);
    expect(output.split("\n").map((line) => line.split(/\s+/).slice(0, 3).join(" "))).toEqual([
      "ok hot in-memory",
      "ok relational postgres",
      "ok documents postgres",
      "ok cold postgres",
    ]);
    expect(output).toContain("migrations are pending, which the next start applies");
    const { output: status } = await run(["migrate", "status"], {});
    expect(status).not.toMatch(/\d{4}-\d{2}-\d{2}/);
  });

  it("says of every tier that is away what to do, with the exit code of the first", async () => {
    const { exitCode, output, errors } = await run(["doctor", "--json"], {
      ...POSTGRES,
      ...REDIS,
      ...MONGODB,
      ...SOON,
    });
    expect(exitCode).toBe(13);
    const found = JSON.parse(output) as { tier: string; status: string; code: string | null; hint: string | null }[];
    expect(found.map(({ tier, status, code }) => `${tier} ${status} ${String(code)}`)).toEqual([
      "hot warning storage_unavailable",
      "relational failed storage_unavailable",
      "documents failed storage_unavailable",
      "cold failed storage_unavailable",
    ]);
    expect(found.every(({ hint }) => hint?.includes("Start its server"))).toBe(true);
    expect(output + errors).not.toContain("hunter2");
  });

  it("warns of what forgets, and refuses migrations that nobody will make", async () => {
    const forgetting = await run(["doctor"], MEMORY);
    expect(forgetting.exitCode).toBe(0);
    expect(forgetting.output.match(/^warning .*forgotten/gm)).toHaveLength(3);
    const manual = { STRONGROOM__STORAGE__WARM__RELATIONAL__POSTGRES__MIGRATE_AT_START: "false" };
    const unmigrated = await run(["doctor"], manual);
    expect(unmigrated.exitCode).toBe(13);
    expect(unmigrated.output).toContain("strongroom migrate up");
  });
});
