import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Profile } from "../../src/profiles/profile-view.ts";
import type { Session } from "../../src/sessions/session.ts";
import type { Caller } from "./caller.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

interface SessionPage {
  readonly items: readonly Session[];
  readonly nextCursor: string | null;
}

const DAY_MS = 86_400_000;

describe.each(integrationEngines())("sessions on $name", (engine) => {
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
  const scenario = { scenarioId: uuid(), version: 3 };
  const newStep = (members: object = {}) => ({
    stepId: uuid(),
    stepName: "Pay",
    isCheckpoint: false,
    stepContentHash: "0123456789abcdef",
    ...members,
  });

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

    it("bounds the room for variables", async () => {
      const variables = { text: "x".repeat(70_000) };
      (await open({ ...newPlace(), variables })).expectProblem(422, "limit_exceeded");
    });
  });

  describe("changing", () => {
    it("merges variables by name, and removes those that become null", async () => {
      const session = await newSession({ variables: { a: 1, b: { deep: true }, c: "c" } });
      const at = world.clock.advance(1_000);
      const reply = await patch(session, { variables: { a: null, b: { other: [1] }, d: false } });
      expect(reply.expect(200)).toEqual({
        ...session,
        variables: { b: { other: [1] }, c: "c", d: false },
        variableUpdatedAt: { b: at, c: session.createdAt, d: at },
        lastActivityAt: at,
        version: 2,
      });
      expect(reply.headers["etag"]).toBe('"2"');
      expect(await read(session)).toEqual(reply.json);
    });

    it("stamps every visit of a step in full, and the version of its scenario", async () => {
      const session = await newSession();
      const first = newStep({ isCheckpoint: true, checkpointDescription: "Paid", transitionReason: "asked" });
      const entered = (await patch(session, { turnCount: 1, scenario, step: first })).expect(200);
      const visit = { ...first, enteredAt: world.clock.now(), turnNumber: 1, confidence: 1 };
      expect(entered).toMatchObject({
        activeScenarioId: scenario.scenarioId,
        activeScenarioVersion: 3,
        activeStepId: first.stepId,
        turnCount: 1,
      });
      expect(entered.stepHistory).toEqual([visit]);
      const at = world.clock.advance(1_000);
      const second = newStep({ turnNumber: 7, confidence: 0.25, stepName: "Sign" });
      const moved = (await patch(session, { step: second })).expect(200);
      const next = { ...second, enteredAt: at, transitionReason: null, checkpointDescription: null };
      expect(moved.stepHistory).toEqual([visit, next]);
      expect(moved.activeStepId).toBe(second.stepId);
    });

    it("refuses a step that is not described in full, and one outside of any scenario", async () => {
      const session = await newSession();
      const before = await read(session);
      for (const member of ["stepId", "stepName", "isCheckpoint", "stepContentHash"]) {
        const step = { ...newStep(), [member]: undefined };
        const problem = (await patch(session, { scenario, step })).expectProblem(400, "invalid_request");
        expect(problem.errors).toMatchObject([{ path: `/step/${member}` }]);
      }
      const problem = (await patch(session, { step: newStep() })).expectProblem(400, "invalid_request");
      expect(problem.errors).toMatchObject([{ path: "/step" }]);
      expect(await read(session)).toEqual(before);
    });

    it("does not count a repeat of a visit in the same turn", async () => {
      const session = await newSession();
      const step = newStep();
      const change = { scenario, step, turnCount: 2, variables: { a: 1 } };
      const once = (await patch(session, change)).expect(200);
      const twice = (await patch(session, change)).expect(200);
      expect(twice).toEqual({ ...once, version: 3 });
      const again = (await patch(session, { turnCount: 3, step })).expect(200);
      expect(again.stepHistory.map(({ turnNumber }) => turnNumber)).toEqual([2, 3]);
    });

    it("leaves the step when it enters another version of the scenario, and everything when it leaves it", async () => {
      const session = await newSession();
      await patch(session, { scenario: { ...scenario, checksum: "abc" }, step: newStep() });
      const upgraded = (await patch(session, { scenario: { ...scenario, version: 4 } })).expect(200);
      expect(upgraded).toMatchObject({ activeScenarioVersion: 4, activeStepId: null, scenarioChecksum: null });
      const left = (await patch(session, { scenario: null })).expect(200);
      expect(left).toMatchObject({ activeScenarioId: null, activeScenarioVersion: null, activeStepId: null });
      expect(left.stepHistory).toHaveLength(1);
    });

    it("never counts turns back", async () => {
      const session = await newSession();
      (await patch(session, { turnCount: 5 })).expect(200);
      const problem = (await patch(session, { turnCount: 4 })).expectProblem(400, "invalid_request");
      expect(problem.errors).toMatchObject([{ path: "/turnCount" }]);
    });

    it("lets exactly one of the writers of one version win", async () => {
      const session = await newSession();
      const headers = { "if-match": '"1"' };
      const replies = await Promise.all(
        Array.from({ length: 10 }, (_, index) => patch(session, { variables: { winner: index } }, headers)),
      );
      expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array(9).fill(412)]);
      const winner = replies.findIndex(({ status }) => status === 200);
      expect(await read(session)).toMatchObject({ variables: { winner }, version: 2 });
    });

    it("loses no change of concurrent writers without a version", async () => {
      const session = await newSession();
      const names = Array.from({ length: 10 }, (_, index) => `v${index}`);
      const replies = await Promise.all(names.map((name) => patch(session, { variables: { [name]: name } })));
      for (const reply of replies) reply.expect(200);
      const { variables, version } = await read(session);
      expect(Object.keys(variables).toSorted()).toEqual(names);
      expect(version).toBe(11);
    });

    it("links another customer, who has to exist, or none", async () => {
      const session = await newSession();
      const customer = await newCustomer(world.a);
      expect((await patch(session, { customerId: customer.id })).expect(200).customerId).toBe(customer.id);
      (await patch(session, { customerId: uuid() })).expectProblem(404, "customer_not_found");
      expect((await patch(session, { customerId: null })).expect(200).customerId).toBeNull();
    });

    it("refuses what is unknown", async () => {
      (await agent.patch(`/v1/sessions/${uuid()}`, { turnCount: 1 })).expectProblem(404, "session_not_found");
      (await agent.delete(`/v1/sessions/${uuid()}`)).expectProblem(404, "session_not_found");
      const session = await newSession();
      (await patch(session, {})).expectProblem(400, "invalid_request");
      (await agent.delete(urlOf(session))).expect(204);
      (await patch(session, { turnCount: 1 })).expectProblem(404, "session_not_found");
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
    expect(lines.map(({ event, level }) => `${level} ${event}`)).toEqual([
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
