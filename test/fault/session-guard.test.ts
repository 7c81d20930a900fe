import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createServer } from "../../src/http/create-server.ts";
import { createTelemetry, type Telemetry } from "../../src/telemetry/telemetry.ts";
import { openVault, type Vault } from "../../src/vault.ts";
import { Caller } from "../integration/caller.ts";
import { uuid } from "../integration/test-customer.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";

const KEY = "operators-own-key";
const DEADLINE_MS = 300;

describe.skipIf(redisProblem() !== undefined)("sessions on a Redis that is frozen", () => {
  let server: ScratchRedis;
  let telemetry: Telemetry;
  let vault: Vault;
  let caller: Caller;
  let close: () => Promise<void>;
  const log: { event: string; tier?: string; state?: string }[] = [];

  beforeAll(async () => {
    server = await ScratchRedis.make();
    const stream = { write: (line: string) => void log.push(JSON.parse(line) as (typeof log)[number]) };
    telemetry = createTelemetry({ level: "warn", format: "json", stream });
    const sessions = { engine: "redis", redisUrl: server.url, commandTimeoutMs: DEADLINE_MS } as const;
    const storage = { warm: { relational: { engine: "in-memory" } } };
    vault = await openVault(
      { apiKey: KEY, masterKey: "5a".repeat(32), sessions, storage },
      { ...telemetry, clock: systemClock },
    );
    const http = await createServer({ vault, telemetry, version: "0.0.0" });
    close = () => http.close();
    caller = new Caller(http, KEY);
  });
  afterAll(async () => {
    server.thaw();
    await close();
    await vault[Symbol.asyncDispose]();
    await telemetry[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const open = () => caller.post("/v1/sessions", { agentId: uuid(), channel: "voice", channelUserId: uuid() });

  it("is not asked any more after three deadlines, and again when it answers", { timeout: 30_000 }, async () => {
    (await open()).expect(201);
    server.freeze();
    for (let call = 0; call < 3; call++) (await open()).expectProblem(503, "storage_timeout");
    const laps: number[] = [];
    for (let call = 0; call < 20; call++) {
      const startedMs = performance.now();
      const reply = await open();
      reply.expectProblem(503, "storage_unavailable");
      expect(reply.headers["retry-after"]).toMatch(/^\d+$/);
      laps.push(performance.now() - startedMs);
    }
    expect(laps.toSorted((a, b) => a - b)[laps.length / 2]).toBeLessThan(DEADLINE_MS / 2);
    const ready = (await caller.get<{ status: string; tiers: unknown[] }>("/ready")).expect(200);
    expect(ready.status).toBe("degraded");
    const down = { tier: "sessions", engine: "redis", status: "down", circuit: "open", required: false };
    expect(ready.tiers).toContainEqual(expect.objectContaining(down));
    server.thaw();
    await expect.poll(async () => (await open()).status, { timeout: 10_000 }).toBe(201);
    const changes = log.filter(({ event }) => event === "storage_state_changed");
    expect(changes.map(({ tier, state }) => `${tier} ${state}`)).toEqual([
      "sessions unavailable",
      "sessions available",
    ]);
  });
});
