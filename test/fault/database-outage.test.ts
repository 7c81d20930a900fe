import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer } from "../../src/http/create-server.ts";
import { problemSchema } from "../../src/http/problem.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { openVault, type Vault } from "../../src/vault.ts";
import { type HttpAnswer, HttpApi } from "../e2e/http-api.ts";
import { defineLoadFields, WriteLoad } from "../e2e/write-load.ts";
import { expectEverythingWritten, storedFiles } from "../e2e/written-state.ts";
import { clusterProblem, ScratchCluster } from "./scratch-cluster.ts";

const KEY = "operators-own-key";
const CLIENTS = 8;
const WRITES_BEFORE = 150;
/** What a caller waits at most for the news that the database is away. */
const REFUSAL_MS_MAX = 3_000;
const RECOVERY_MS_MAX = 10_000;

const problem = clusterProblem();
if (problem !== undefined) process.stderr.write(`${problem}: the suite about an outage of the database is skipped\n`);
const isRequired = process.env["STRONGROOM_REQUIRE_SERVICES"] === "1";

describe.skipIf(problem !== undefined && !isRequired)("a database server that goes away", () => {
  let cluster: ScratchCluster;
  let directory: string;
  let telemetry: Telemetry;
  let vault: Vault;
  let server: FastifyInstance;
  let api: HttpApi;
  const logLines: string[] = [];
  const load = new WriteLoad(20_260_304);

  beforeAll(async () => {
    expect(problem).toBeUndefined();
    cluster = await ScratchCluster.make();
    directory = await mkdtemp(join(tmpdir(), "strongroom-outage-"));
    const stream = { write: (line: string) => void logLines.push(line) };
    telemetry = createTelemetry({ level: "warn", format: "json", stream });
    const settings = {
      dataDirectory: directory,
      apiKey: KEY,
      storage: { warm: { relational: { postgres: { url: cluster.url } } } },
    };
    vault = await openVault(settings, { logger: telemetry.logger, events: telemetry.events });
    server = await createServer({ vault, telemetry, version: "0.0.0" });
    api = new HttpApi(await server.listen({ host: "127.0.0.1", port: 0 }), KEY);
    await defineLoadFields(api);
  });
  afterAll(async () => {
    await server?.close();
    await vault?.[Symbol.asyncDispose]();
    await telemetry?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  it.each([
    { how: "is stopped at once", interrupt: () => cluster.stopImmediately() },
    { how: "loses its first process to SIGKILL", interrupt: () => cluster.killPostmaster() },
  ])("that $how: is told as unavailable, and nothing is lost when it is back", { timeout: 60_000 }, async (outage) => {
    const before = load.writes;
    const enough = load.confirmed(WRITES_BEFORE);
    const running = load.run(api, CLIENTS);
    await Promise.race([enough, running]);
    await outage.interrupt();
    await running;
    const cutOff = load.refusals.splice(0);
    expect(cutOff).toHaveLength(CLIENTS);
    for (const answer of cutOff) expectUnavailable(answer);
    const slowestMs = await refuseEverything();
    expect(slowestMs).toBeLessThan(REFUSAL_MS_MAX);

    const startedMs = performance.now();
    await cluster.start();
    const backMs = performance.now();
    await expect
      .poll(async () => (await api.send("/ready")).status, { timeout: RECOVERY_MS_MAX, interval: 20 })
      .toBe(200);
    const recoveredMs = performance.now() - backMs;
    await expectEverythingWritten(api, load);
    await writeOnceMore();
    const figures = {
      confirmedWrites: load.writes - before,
      foundDone: load.foundDone,
      slowestRefusalMs: Math.round(slowestMs),
      serverStartMs: Math.round(backMs - startedMs),
      recoveredMs: Math.round(recoveredMs),
      filesWithoutAsset: (await storedFiles(directory)).length - load.acknowledged.assets.size,
    };
    process.stderr.write(`outage, server ${outage.how}: ${JSON.stringify(figures)}\n`);
  });

  it("is told to the operator, and so is its return", () => {
    const lines = logLines.map((line) => JSON.parse(line) as { event: string; tier?: string; state?: string });
    const changes = lines.filter(({ event, tier }) => event === "storage_state_changed" && tier === "relational");
    const outages = [1, 2].flatMap(() => ["unavailable", "available"]);
    expect(changes.map(({ state }) => state)).toEqual(outages);
  });

  /** Reads, writes and uploads while there is no database. The longest time one of them took. */
  async function refuseEverything(): Promise<number> {
    let slowestMs = 0;
    const timed = async (work: () => Promise<void>) => {
      const startedMs = performance.now();
      await work();
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    };
    const writes = Array.from({ length: 20 }, () =>
      timed(async () => {
        expect(await load.attempt(api, load.nextRequest())).toBe(false);
      }),
    );
    const reads = ["/v1/customers", "/v1/audit/events", `/v1/customers/${crypto.randomUUID()}`].map((path) =>
      timed(async () => expectUnavailable(await api.send(path))),
    );
    const probes = [
      timed(async () => expect((await api.send("/health")).status).toBe(200)),
      timed(async () => expectNotReady(await api.send("/ready"))),
    ];
    await Promise.all([...writes, ...reads, ...probes]);
    const refusals = load.refusals.splice(0);
    expect(refusals).toHaveLength(writes.length);
    for (const answer of refusals) expectUnavailable(answer);
    return slowestMs;
  }

  async function writeOnceMore(): Promise<void> {
    for (let count = 0; count < 20; count++) expect(await load.attempt(api, load.nextRequest())).toBe(true);
    await expectEverythingWritten(api, load);
    expect(load.open.size).toBe(0);
  }
});

function expectUnavailable({ status, headers, bytes }: HttpAnswer): void {
  const body: unknown = JSON.parse(bytes.toString());
  expect({ status, body }).toMatchObject({ status: 503, body: { code: "storage_unavailable", retryable: true } });
  expect(headers.get("retry-after")).toMatch(/^\d+$/);
  problemSchema.parse(body);
  expect(bytes.toString()).not.toMatch(/ECONN|127\.0\.0\.1|:\d{4,5}\b/);
}

function expectNotReady({ status, bytes }: HttpAnswer): void {
  const body: unknown = JSON.parse(bytes.toString());
  const relational = expect.objectContaining({ tier: "relational", status: "down", code: "storage_unavailable" });
  const tiers = expect.arrayContaining([relational]);
  expect({ status, body }).toMatchObject({ status: 503, body: { status: "not_ready", tiers } });
}
