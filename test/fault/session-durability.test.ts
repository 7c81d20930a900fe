import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/sessions/session.ts";
import { sessionsOnRedis } from "../integration/session-engines.ts";
import { uuid } from "../integration/test-customer.ts";
import { openWorld, type World } from "../integration/world.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";

interface SessionPage {
  readonly items: readonly Session[];
  readonly nextCursor: string | null;
}

const ROUNDS = 5;
const WRITERS = 20;
const WRITES_BEFORE_KILL = 200;

describe.skipIf(redisProblem() !== undefined)("SC-006: sessions on a Redis that is killed under load", () => {
  let server: ScratchRedis;
  let world: World;

  beforeAll(async () => {
    server = await ScratchRedis.make({ isDurable: true });
    world = await openWorld(sessionsOnRedis(server.url, { commandTimeoutMs: 2_000 }));
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it("lose nothing that was acknowledged, and keep no half of anything", { timeout: 60_000 }, async () => {
    const agentId = uuid();
    const acknowledged = new Map<string, number>();
    let writes = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let isOver = false;
      const enough = Promise.withResolvers<void>();
      const write = async (): Promise<void> => {
        const place = { agentId, channel: "voice", channelUserId: uuid() };
        const opened = await world.a.agent.post<Session>("/v1/sessions", place);
        if (opened.status !== 201) return;
        const { sessionId } = opened.json;
        acknowledged.set(sessionId, 0);
        for (let turnCount = 1; !isOver; turnCount++) {
          const reply = await world.a.agent.patch(`/v1/sessions/${sessionId}`, { turnCount, variables: { turnCount } });
          if (reply.status !== 200) return;
          acknowledged.set(sessionId, turnCount);
          if (++writes >= (round + 1) * WRITES_BEFORE_KILL) enough.resolve();
        }
      };
      const writers = Array.from({ length: WRITERS }, write);
      await Promise.race([enough.promise, Promise.all(writers)]);
      await server.kill();
      isOver = true;
      await Promise.all(writers);
      await server.start();
      const answers = async () => (await world.a.agent.get(`/v1/sessions?agentId=${agentId}`)).status;
      await expect.poll(answers, { timeout: 10_000 }).toBe(200);
      await expectKept(acknowledged);
    }
    process.stderr.write(`sessions on a killed Redis: ${JSON.stringify({ rounds: ROUNDS, writes })}\n`);
    expect(writes).toBeGreaterThanOrEqual(ROUNDS * WRITES_BEFORE_KILL);
    await expectListed(agentId, acknowledged);
  });

  /** What was on its way when the server died may have been carried out: one turn more. */
  async function expectKept(acknowledged: ReadonlyMap<string, number>): Promise<void> {
    for (const [sessionId, turnCount] of acknowledged) {
      const session = (await world.a.agent.get<Session>(`/v1/sessions/${sessionId}`)).expect(200);
      expect([turnCount, turnCount + 1]).toContain(session.turnCount);
      expect(session.version).toBe(session.turnCount + 1);
      expect(session.variables).toEqual(session.turnCount === 0 ? {} : { turnCount: session.turnCount });
    }
  }

  /** Everything is in its index, once. */
  async function expectListed(agentId: string, acknowledged: ReadonlyMap<string, number>): Promise<void> {
    const listed: string[] = [];
    let page: SessionPage = { items: [], nextCursor: "" };
    while (page.nextCursor !== null) {
      const at: string = page.nextCursor === "" ? "" : `&cursor=${page.nextCursor}`;
      const reply = await world.a.agent.get<SessionPage>(`/v1/sessions?agentId=${agentId}&limit=100${at}`);
      page = reply.expect(200);
      listed.push(...page.items.map(({ sessionId }) => sessionId));
    }
    expect(new Set(listed).size).toBe(listed.length);
    for (const sessionId of acknowledged.keys()) expect(listed).toContain(sessionId);
  }
});
