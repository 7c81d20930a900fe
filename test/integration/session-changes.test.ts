import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/sessions/session.ts";
import type { Caller } from "./caller.ts";
import { sessionSubjects } from "./session-engines.ts";
import { newCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(sessionSubjects())("changing sessions in $place", ({ engine }) => {
  let world: World;
  let agent: Caller;
  let count = 0;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ agent } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const newSession = async (body: object = {}) => {
    const place = { agentId: uuid(), channel: "whatsapp", channelUserId: `+3490${++count}` };
    return (await agent.post<Session>("/v1/sessions", { ...place, ...body })).expect(201);
  };
  const urlOf = ({ sessionId }: Session) => `/v1/sessions/${sessionId}`;
  const read = async (session: Session) => (await agent.get<Session>(urlOf(session))).expect(200);
  const patch = (session: Session, body: object, headers?: Record<string, string>) =>
    agent.patch<Session>(urlOf(session), body, headers);
  const scenario = { scenarioId: uuid(), version: 3 };
  const newStep = (members: object = {}) => ({
    stepId: uuid(),
    stepName: "Pay",
    isCheckpoint: false,
    stepContentHash: "0123456789abcdef",
    ...members,
  });

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
