import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { VaultError } from "../../src/errors.ts";
import type { TenantId } from "../../src/identifiers.ts";
import { Migrator } from "../../src/migrations/migrator.ts";
import { TierObserver } from "../../src/storage/observability/tier-observer.ts";
import { openPostgres } from "../../src/storage/postgres/pg-connection.ts";
import { type ResilientSqlDatabase, resilientSqlDatabase } from "../../src/storage/postgres/resilient-sql-database.ts";
import type { SqlSession } from "../../src/storage/postgres/sql-database.ts";
import { DEFAULT_POLICIES } from "../../src/storage/resilience/tier-policy.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { bodiesSeenBy, INSERT, LIST, notesMigration } from "../../src/testing/notes-database.ts";
import { clusterProblem, ScratchCluster } from "./scratch-cluster.ts";
import { type ProxyFault, TcpProxy } from "./tcp-proxy.ts";

const CONNECT_MS = 500;
const STATEMENT_MS = 1_000;
const RECOVERY_MS_MAX = 10_000;
const TENANT = "01900000-0000-7000-8000-000000000001" as TenantId;

const problem = clusterProblem();
if (problem !== undefined) process.stderr.write(`${problem}: the suite about an outage of the warm tier is skipped\n`);
const isRequired = process.env["STRONGROOM_REQUIRE_SERVICES"] === "1";

describe.skipIf(problem !== undefined && !isRequired)("a warm tier that goes away", () => {
  let cluster: ScratchCluster;
  let proxy: TcpProxy;
  let database: ResilientSqlDatabase;
  let session: SqlSession;
  let lines: string[];
  let nextId = 0;

  beforeAll(async () => {
    expect(problem).toBeUndefined();
    cluster = await ScratchCluster.make();
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    proxy = await TcpProxy.to(Number(new URL(cluster.url).port));
    const url = new URL(cluster.url);
    url.port = String(proxy.port);
    const timeouts = { connectTimeoutMs: CONNECT_MS, statementTimeoutMs: STATEMENT_MS };
    const inner = await openPostgres({ url: url.href, schema: "strongroom", poolMax: 4, ...timeouts });
    lines = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const { logger, meters } = createTelemetry({ level: "warn", format: "json", stream });
    const observer = new TierObserver({
      tier: "relational",
      provider: "postgres",
      settings: { level: "metrics" },
      meters: meters.storage,
      logger,
    });
    const policy = DEFAULT_POLICIES.relational;
    database = resilientSqlDatabase(inner, { tier: "relational", policy, observer, isRequired: true });
    await new Migrator({ database, schema: "strongroom", migrations: [notesMigration] }).up();
    session = database.forTenant(TENANT);
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const faults: readonly [string, ProxyFault][] = [
    ["refuses connections", { kind: "refuse" }],
    ["resets connections", { kind: "reset" }],
    ["swallows everything", { kind: "black-hole" }],
    ["ends connections on its side", { kind: "half-close" }],
  ];

  it.each(faults)("because the way to it %s", { timeout: 60_000 }, async (_, fault) => {
    const confirmed = new Set(await bodiesSeenBy(session));
    for (let count = 0; count < 20; count++) await write(confirmed);
    await proxy.setFault(fault);
    const refusals = await refuseUntilOpen(confirmed);
    for (const refusal of refusals) expect(["storage_unavailable", "storage_timeout"]).toContain(refusal.code);
    expect(database.guard.breaker.state).toBe("open");
    const { connections } = proxy;
    await refuseAtOnce(confirmed);
    // Those of signs of life.
    expect(proxy.connections - connections).toBeLessThanOrEqual(1);
    await proxy.setFault({ kind: "none" });
    const startedMs = performance.now();
    await expect.poll(() => database.guard.breaker.state, { timeout: RECOVERY_MS_MAX, interval: 5 }).toBe("closed");
    const recoveredMs = Math.round(performance.now() - startedMs);
    const stored = new Set(await bodiesSeenBy(session));
    expect([...confirmed].filter((body) => !stored.has(body))).toEqual([]);
    await write(confirmed);
    expect(lines.map((line) => (JSON.parse(line) as { level: string; state: string }).state)).toEqual([
      "unavailable",
      "available",
    ]);
    const figures = { refusals: refusals.length, recoveredMs };
    process.stderr.write(`outage of the warm tier: ${JSON.stringify(figures)}\n`);
  });

  it("and is back is used as soon as somebody finds it alive", { timeout: 60_000 }, async () => {
    const confirmed = new Set<string>();
    await proxy.setFault({ kind: "reset" });
    await refuseUntilOpen(confirmed);
    await expect(database.ping()).rejects.toMatchObject({ code: "storage_unavailable" });
    await proxy.setFault({ kind: "none" });
    await database.ping();
    expect(database.guard.breaker.state).toBe("closed");
    await write(confirmed);
  });

  it("in a transaction keeps all of it or nothing", { timeout: 60_000 }, async () => {
    const before = await bodiesSeenBy(session);
    const cut = session.transaction(async (transaction) => {
      await transaction.query(INSERT, [TENANT, nextNumber(), "cut off", null]);
      await proxy.setFault({ kind: "reset" });
      await transaction.query(LIST, []);
    });
    await expect(cut).rejects.toMatchObject({ code: "storage_unavailable" });
    await proxy.setFault({ kind: "none" });
    await expect.poll(() => bodiesSeenBy(session).catch(() => undefined), { timeout: RECOVERY_MS_MAX }).toEqual(before);
  });

  it("has its own failures counted, and not those of work within a transaction", { timeout: 60_000 }, async () => {
    for (let count = 0; count < 5; count++) {
      const call = session.transaction(() => Promise.reject(new VaultError("record_exists", "Taken.")));
      await expect(call).rejects.toMatchObject({ code: "record_exists" });
    }
    expect(database.guard.breaker.state).toBe("closed");
  });

  async function write(confirmed: Set<string>): Promise<void> {
    const id = nextNumber();
    await session.query(INSERT, [TENANT, id, `note ${id}`, null]);
    confirmed.add(`note ${id}`);
  }

  /** Numbers that no test before took, in a database that they share. */
  function nextNumber(): number {
    return ++nextId;
  }

  async function refuseUntilOpen(confirmed: Set<string>): Promise<VaultError[]> {
    const refusals: VaultError[] = [];
    while (database.guard.breaker.isClosed) {
      await write(confirmed).catch((error: unknown) => refusals.push(error as VaultError));
    }
    return refusals;
  }

  /** Each is refused before the event loop turns: without a call, and on a machine of any speed. */
  async function refuseAtOnce(confirmed: Set<string>): Promise<void> {
    for (let count = 0; count < 100; count++) {
      const calls = [write(confirmed), session.query(LIST, []), session.transaction(async () => undefined)];
      const outcomes = await Promise.race([Promise.allSettled(calls), nextTurn("they wait for something")]);
      const refusal = { status: "rejected", reason: { code: "storage_unavailable", retryable: true } };
      expect(outcomes).toMatchObject([refusal, refusal, refusal]);
    }
  }
});
