import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import type { SessionStorage } from "../../src/testing/session-storage.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { openRedisSessions } from "../contract/redis-sessions.ts";
import { openInMemorySessions, openSqlSessions } from "../contract/session-storage.ts";
import { SessionRun, sessionCommands, type Tiers } from "./session-run.ts";

/** More runs and other seeds look further; these are what every change is checked with. */
const RUNS = Number(process.env["STRONGROOM_PROPERTY_RUNS"] ?? 100);
const SEED = Number(process.env["STRONGROOM_PROPERTY_SEED"] ?? 20260303);

interface Subject {
  readonly name: string;
  open(): Promise<SessionStorage & { readonly tiersOf?: (tenantId: TenantId) => Tiers }>;
}

const subjects: Subject[] = sqlEngines().map((engine) => ({
  name: engine.flavour,
  open: () => openSqlSessions(engine),
}));

const url = process.env["REDIS_URL"];
if (url) subjects.push({ name: "redis", open: () => openTieredSessions(url) });

describe.each(subjects)("sessions in memory and on $name", (subject) => {
  let model: SessionStorage;
  let real: Awaited<ReturnType<Subject["open"]>>;

  beforeAll(async () => {
    [model, real] = [await openInMemorySessions(), await subject.open()];
  });
  afterAll(async () => {
    for (const storage of [model, real]) await storage[Symbol.asyncDispose]();
  });

  it("answer alike, and are alike after any run", { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(sessionCommands, fc.integer({ min: 1, max: 4 }), async (commands, limit) => {
      const expected = new SessionRun(model.forTenant(await model.createTenant()), model.clock);
      const tenantId = await real.createTenant();
      const actual = new SessionRun(real.forTenant(tenantId), real.clock, real.tiersOf?.(tenantId));
      const neighbour = new SessionRun(real.forTenant(await real.createTenant()), real.clock);
      const nothing = await neighbour.observe(limit);
      for (const command of commands) {
        expect(await actual.execute(command)).toEqual(await expected.execute(command));
      }
      expect(await actual.observe(limit)).toEqual(await expected.observe(limit));
      expect(await neighbour.observe(limit)).toEqual(nothing);
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
  });
});

async function openTieredSessions(server: string): Promise<SessionStorage & { tiersOf(tenantId: TenantId): Tiers }> {
  const sessions = await openRedisSessions(server);
  return {
    ...sessions,
    tiersOf: (tenantId) => ({
      promote: (sessionId) => sessions.forTenant(tenantId).promoteToHot(sessionId),
      demote: (sessionId) => sessions.forTenant(tenantId).demoteToPersistent(sessionId),
      lapse: (sessionId) => sessions.connection.send("del", [sessions.keysOf(tenantId).hot(sessionId)]),
    }),
  };
}
