import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Profile } from "../../src/profiles/profile-view.ts";
import type { Session } from "../../src/sessions/session.ts";
import type { SessionInput } from "../../src/sessions/session-service.ts";
import type { Caller } from "./caller.ts";
import { sessionSubjects } from "./session-engines.ts";
import { newCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface SessionPage {
  readonly items: readonly Session[];
  readonly nextCursor: string | null;
}

const DAY_MS = 86_400_000;

describe.each(sessionSubjects())("sessions in $place", ({ place: placeOfSessions, engine }) => {
  let world: World;
  let agent: Caller;
  let count = 0;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const newPlace = () => ({ agentId: uuid(), channel: "whatsapp", channelUserId: `+3490${++count}` });
  const open = (body: object, headers?: Record<string, string>) => agent.post<Session>("/v1/sessions", body, headers);
  const newSession = async (body: object = {}) => (await open({ ...newPlace(), ...body })).expect(201);
  const urlOf = ({ sessionId }: Session) => `/v1/sessions/${sessionId}`;
  const read = async (session: Session) => (await agent.get<Session>(urlOf(session))).expect(200);
  const patch = (session: Session, body: object, headers?: Record<string, string>) =>
    agent.patch<Session>(urlOf(session), body, headers);
  const list = async (query: Record<string, string>) =>
    (await agent.get<SessionPage>(`/v1/sessions?${new URLSearchParams(query).toString()}`)).expect(200);
  describe("opening", () => {
    it("makes a session for the customer with the identity, who is made too, and then returns it", async () => {
      const place = newPlace();
      const opened = await open({ ...place, configVersion: 2, variables: { topic: "loan" } });
      const session = opened.expect(201);
      const now = world.clock.now();
      expect(session).toEqual({
        ...place,
        sessionId: session.sessionId,
        customerId: session.customerId,
        configVersion: 2,
        activeScenarioId: null,
        activeStepId: null,
        activeScenarioVersion: null,
        stepHistory: [],
        relocalizationCount: 0,
        ruleFires: {},
        ruleLastFireTurn: {},
        variables: { topic: "loan" },
        variableUpdatedAt: { topic: now },
        turnCount: 0,
        status: "active",
        pendingMigration: null,
        scenarioChecksum: null,
        profileSnapshotVersion: null,
        createdAt: now,
        lastActivityAt: now,
        version: 1,
      });
      expect(opened.headers).toMatchObject({ etag: '"1"', location: urlOf(session) });
      const profile = (await agent.get<Profile>(`/v1/customers/${session.customerId}`)).expect(200);
      expect(profile.identities).toMatchObject([{ channel: place.channel, channelUserId: place.channelUserId }]);
      expect((await open({ ...place, variables: { topic: "other" } })).expect(200)).toEqual(session);
      expect(await read(session)).toEqual(session);
    });

    it("links the customer who has the identity already, whatever the agent", async () => {
      const { channel, channelUserId } = newPlace();
      const customer = await newCustomer(world.a, { channelIdentity: { channel, channelUserId } });
      for (let index = 0; index < 2; index++) {
        expect(await newSession({ channel, channelUserId })).toMatchObject({ customerId: customer.id });
      }
    });

    it("links the customer that is named, but none that does not exist", async () => {
      const customer = await newCustomer(world.a);
      expect(await newSession({ customerId: customer.id })).toMatchObject({ customerId: customer.id });
      const foreign = await newCustomer(world.b);
      const before = await world.dump(world.a.tenantId);
      for (const customerId of [uuid(), foreign.id]) {
        (await open({ ...newPlace(), customerId })).expectProblem(404, "customer_not_found");
      }
      expect(await world.dump(world.a.tenantId)).toBe(before);
    });

    it("gives any number of concurrent callers one session", async () => {
      const place = newPlace();
      const replies = await Promise.all(Array.from({ length: 20 }, () => open(place)));
      expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(replies.filter(({ status }) => status === 200)).toHaveLength(19);
      expect(new Set(replies.map(({ json }) => json.sessionId)).size).toBe(1);
    });

    it("starts anew after the session was closed, deleted, or without activity for seven days", async () => {
      const place = newPlace();
      const closed = (await open(place)).expect(201);
      (await patch(closed, { status: "closed" })).expect(200);
      const deleted = (await open(place)).expect(201);
      (await agent.delete(urlOf(deleted))).expect(204);
      const expired = (await open(place)).expect(201);
      world.clock.advance(7 * DAY_MS);
      const last = (await open(place)).expect(201);
      expect(new Set([closed, deleted, expired, last].map(({ sessionId }) => sessionId)).size).toBe(4);
      for (const gone of [deleted, expired]) (await agent.get(urlOf(gone))).expectProblem(404, "session_not_found");
    });

    it("follows a customer who was merged, and replaces one who was deleted", async () => {
      const place = newPlace();
      const { customerId } = (await open(place)).expect(201);
      const survivor = await newCustomer(world.a);
      const merge = `/v1/customers/${survivor.id}/merge`;
      (await world.a.admin.post(merge, { sourceCustomerId: customerId })).expect(200);
      expect((await open(place)).expect(200)).toMatchObject({ customerId: survivor.id, version: 2 });
      (await world.a.admin.delete(survivor.url)).expect(204);
      const relinked = (await open(place)).expect(200);
      expect([customerId, survivor.id]).not.toContain(relinked.customerId);
      expect(relinked.version).toBe(3);
      expect((await open(place)).expect(200)).toEqual(relinked);
    });

    it("is safe to repeat under an idempotency key", async () => {
      const place = newPlace();
      const headers = { "idempotency-key": `open-${count}` };
      const first = (await open(place, headers)).expect(201);
      const second = await open(place, headers);
      expect(second.headers["idempotency-replayed"]).toBe("true");
      expect(second.expect(201)).toEqual(first);
    });

    it("is safe to repeat when its first answer was lost with the transaction", async () => {
      const place = { ...newPlace(), variables: { a: 1 } };
      const lost = new RangeError("the connection to the database broke");
      let first: Session | undefined;
      const broken = world.vault.tenant(world.a.tenantId).transaction(async (vault) => {
        first = (await vault.sessions.open(place as unknown as SessionInput)).session;
        throw lost;
      });
      await expect(broken).rejects.toBe(lost);
      const reply = await open(place);
      const session = reply.status === 200 ? reply.expect(200) : reply.expect(201);
      // Redis takes no part in transactions: the session stayed, and the customer that was made for it did not.
      expect(reply.status).toBe(placeOfSessions === "redis" ? 200 : 201);
      expect(session.sessionId === first?.sessionId).toBe(placeOfSessions === "redis");
      expect(session.variables).toEqual({ a: 1 });
      (await agent.get(`/v1/customers/${session.customerId}`)).expect(200);
      expect((await open(place)).expect(200)).toEqual(session);
    });

    it("bounds the room for variables", async () => {
      const variables = { text: "x".repeat(70_000) };
      (await open({ ...newPlace(), variables })).expectProblem(422, "limit_exceeded");
    });
  });

  describe("listing", () => {
    it("finds the sessions of an agent, a customer and a channel's user, by status too", async () => {
      const place = newPlace();
      const first = (await open(place)).expect(201);
      world.clock.advance(1_000);
      const second = await newSession({ ...place, agentId: uuid() });
      world.clock.advance(1_000);
      const closed = (await patch(first, { status: "closed" })).expect(200);
      const { agentId, channel, channelUserId } = place;
      expect(await list({ agentId })).toEqual({ items: [closed], nextCursor: null });
      expect((await list({ channel, channelUserId })).items).toEqual([closed, second]);
      const customerId = first.customerId ?? "";
      expect((await list({ customerId })).items).toEqual([closed, second]);
      expect((await list({ customerId, status: "closed" })).items).toEqual([closed]);
      const page = await list({ customerId, limit: "1" });
      expect(page.items).toEqual([closed]);
      expect((await list({ customerId, limit: "1", cursor: page.nextCursor ?? "" })).items).toEqual([second]);
    });

    it("wants exactly one selector", async () => {
      const { agentId, channel, channelUserId } = newPlace();
      const customerId = uuid();
      for (const query of [{}, { channel }, { channelUserId }, { agentId, customerId }, { status: "active" }]) {
        const url = `/v1/sessions?${new URLSearchParams(query as Record<string, string>).toString()}`;
        (await agent.get(url)).expectProblem(400, "invalid_request");
      }
    });
  });

  it("tells its log of ids, and never of a variable or a channel's user", async () => {
    const session = await newSession({ variables: { pin: "Sekret-1" } });
    await patch(session, { variables: { pin: "Sekret-2" } });
    await list({ channel: session.channel, channelUserId: session.channelUserId });
    (await agent.delete(urlOf(session))).expect(204);
    const lines = world.log.filter((line) => line["sessionId"] === session.sessionId);
    const written = lines.filter(({ level }) => level === "info");
    expect(written.map(({ event, level }) => `${level} ${event}`)).toEqual([
      "info session_saved",
      "info session_saved",
      "info session_deleted",
    ]);
    const text = JSON.stringify(world.log);
    expect(text).toContain("sessions_listed_by_channel");
    expect(text).not.toContain("Sekret");
    expect(text).not.toContain(session.channelUserId);
  });

  it("are nothing for auditors, who may not read personal data", async () => {
    const session = await newSession();
    (await world.a.auditor.get(urlOf(session))).expectProblem(403, "forbidden");
    (await world.a.auditor.get(`/v1/sessions?agentId=${session.agentId}`)).expectProblem(403, "forbidden");
  });
});
