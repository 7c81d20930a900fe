import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/sessions/session.ts";
import { sessionsOnRedis } from "../integration/session-engines.ts";
import { uuid } from "../integration/test-customer.ts";
import { openWorld, type World } from "../integration/world.ts";
import { redisProblem, ScratchRedis } from "./scratch-redis.ts";

const DEADLINE_MS = 200;

describe.skipIf(redisProblem() !== undefined)("sessions on a Redis that fails", () => {
  let server: ScratchRedis;
  let world: World;

  beforeAll(async () => {
    server = await ScratchRedis.make();
    world = await openWorld(sessionsOnRedis(server.url, { commandTimeoutMs: DEADLINE_MS }));
  });
  afterAll(async () => {
    server.thaw();
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const open = (body: object) => world.a.agent.post<Session>("/v1/sessions", body);
  const newPlace = () => ({ agentId: uuid(), channel: "voice", channelUserId: uuid() });
  const requests = (session: Session) => {
    const url = `/v1/sessions/${session.sessionId}`;
    const { agent } = world.a;
    return [
      () => agent.get(url),
      () => agent.get(`/v1/sessions?agentId=${session.agentId}`),
      () => agent.patch(url, { turnCount: session.turnCount }),
      () => open(newPlace()),
      () => agent.delete(url),
    ];
  };

  it("answers 503 within the deadline while it is frozen, and has lost nothing when it is back", async () => {
    const session = (await open(newPlace())).expect(201);
    server.freeze();
    for (const request of requests(session)) {
      const startedMs = performance.now();
      const reply = await request();
      const problem = reply.expectProblem(503, "storage_timeout");
      expect(problem["retryable"]).toBe(true);
      expect(reply.headers["retry-after"]).toBe("1");
      expect(performance.now() - startedMs).toBeLessThan(DEADLINE_MS + 500);
    }
    const failed = world.log.filter(({ event }) => event.startsWith("redis_"));
    expect(failed.map(({ event, level, ["code"]: code }) => `${level} ${event} ${String(code)}`)).toEqual([
      "error redis_get_error storage_timeout",
      "error redis_list_by_agent_error storage_timeout",
      "error redis_get_error storage_timeout",
      "error redis_get_by_channel_error storage_timeout",
      "error redis_delete_error storage_timeout",
    ]);
    server.thaw();
    const { agent } = world.a;
    // The deletion was sent, and whether it was carried out is unknown to whoever got no answer.
    await expect.poll(async () => (await agent.get(`/v1/sessions/${session.sessionId}`)).status).not.toBe(503);
    const next = (await open(newPlace())).expect(201);
    expect((await agent.get<Session>(`/v1/sessions/${next.sessionId}`)).expect(200)).toEqual(next);
  });

  it("answers 503 at once while it is gone, and serves again when it is back", async () => {
    const session = (await open(newPlace())).expect(201);
    await server.kill();
    for (const request of requests(session)) {
      const reply = await request();
      expect(reply.status).toBe(503);
      expect(["storage_unavailable", "storage_timeout"]).toContain(JSON.parse(reply.text).code);
    }
    await server.start();
    await expect.poll(async () => (await open(newPlace())).status, { timeout: 10_000 }).toBe(201);
  });
});
