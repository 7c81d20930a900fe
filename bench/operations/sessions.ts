import { systemClock } from "../../src/clock.ts";
import { UuidV7Generator } from "../../src/identifiers.ts";
import { RedisSessionStore } from "../../src/sessions/redis-session-store.ts";
import type { Session } from "../../src/sessions/session.ts";
import { NO_SESSION_EVENTS } from "../../src/telemetry/session-events.ts";
import { freshAnchor, freshSession, freshVisit, standingAt } from "../../src/testing/session-records.ts";
import { SessionsByHand } from "../by-hand/session.ts";
import { type Contestant, race } from "../race.ts";
import { withRedisPrefix } from "../redis-prefix.ts";
import { atMost, comparedLines, type Effort, type Section } from "../section.ts";

const SESSIONS = 200;
const WEEK_MS = 604_800_000;

/** Reading and saving a session of about 4 KB on the server that REDIS_URL names. */
export async function sessions(effort: Effort): Promise<Section[]> {
  return withRedisPrefix("sessions", async ({ url, connection }) => {
    await using byHand = new SessionsByHand(url, connection.keyPrefix);
    const store = new RedisSessionStore({
      connection,
      tenantId: new UuidV7Generator().uuid(),
      rules: { clock: systemClock, maxAgeMs: WEEK_MS },
      lives: { hotMs: 1_800_000, persistMs: WEEK_MS, commandTimeoutMs: connection.commandTimeoutMs },
      events: NO_SESSION_EVENTS,
    });
    return await measure(store, byHand, effort);
  });
}

async function measure(store: RedisSessionStore, byHand: SessionsByHand, effort: Effort): Promise<Section[]> {
  const saved: Session[] = [];
  for (let index = 0; index < SESSIONS; index++) {
    const session = await store.save(conversation());
    await byHand.save(session, Date.now());
    saved.push(session);
  }
  const at = (index: number) => saved[index % SESSIONS] as Session;
  const gets = [
    { name: "GET and JSON.parse", call: (index: number) => byHand.get(at(index).sessionId) },
    { name: "sessions.get", call: (index: number) => store.get(at(index).sessionId) },
  ];
  const saves = [
    { name: "pipelined commands", call: (index: number) => byHand.save(at(index), Date.now()) },
    {
      name: "sessions.save",
      async call(index: number) {
        saved[index % SESSIONS] = await store.save({ ...at(index), turnCount: index });
      },
    },
  ];
  const moves = [
    {
      name: "demotion and promotion",
      async call(index: number) {
        await store.demoteToPersistent(at(index).sessionId);
        await store.promoteToHot(at(index).sessionId);
      },
    },
  ];
  const sections: Section[] = [];
  for (const inFlight of [1, 20]) {
    sections.push(await compared("session get", gets, { ...effort, inFlight }));
    sections.push(await compared("session save", saves, { ...effort, inFlight }));
  }
  const figures = await race(moves, { ...effort, inFlight: 1 });
  const lines = figures.map((line) => {
    return { ...line, ratio: null, ratioQuartiles: null, goals: [atMost("ms at p99", line.p99Ms, 50)] };
  });
  return [...sections, { operation: "session tiers", engine: "redis", inFlight: 1, lines, notes: [] }];
}

async function compared(
  operation: string,
  contestants: readonly Contestant[],
  options: Effort & { readonly inFlight: number },
): Promise<Section> {
  const figures = await race(contestants, options);
  const lines = comparedLines(figures, ({ name, ratio }) =>
    name.startsWith("sessions.") ? [atMost("time", ratio, 1.5)] : [],
  );
  return { operation, engine: "redis", inFlight: options.inFlight, lines, notes: [] };
}

function conversation(): Session {
  const visits = Array.from({ length: 10 }, (_, turnNumber) => freshVisit({ turnNumber }));
  const variables = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`variable_${index}`, "what was said ".repeat(3)]),
  );
  return freshSession({ ...standingAt(freshAnchor(), visits), customerId: new UuidV7Generator().uuid(), variables });
}
