import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FieldDefinition } from "../../src/schema/field-definition.ts";
import type { FieldRequirement } from "../../src/schema/requirement.ts";
import type { Caller } from "./caller.ts";
import { SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("the schema on $name", (engine) => {
  let world: World;
  let steward: Caller;

  beforeAll(async () => {
    world = await openWorld(engine);
    ({ steward } = world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const savedEvents = async () =>
    (await steward.get<{ items: object[] }>("/v1/audit/events?eventType=field_definition_saved&limit=100")).expect(200)
      .items.length;

  it("takes definitions, counts their versions, and lists those in use by name", async () => {
    const url = `/v1/agents/${uuid()}/field-definitions`;
    const body = { valueType: "date", displayName: "Born", collectionPrompt: "When were you born?" };
    const first = (await steward.put<FieldDefinition>(`${url}/born`, body)).expect(201);
    expect(first).toMatchObject({ ...body, name: "born", version: 1, enabled: true, suggestionState: "accepted" });
    const events = await savedEvents();
    world.clock.advance(SECOND_MS);
    expect((await steward.put(`${url}/born`, body)).expect(200)).toEqual(first);
    expect(await savedEvents()).toBe(events);
    const second = (await steward.put<FieldDefinition>(`${url}/born`, { ...body, isPii: true })).expect(200);
    expect(second).toEqual({ ...first, isPii: true, version: 2, updatedAt: world.clock.now() });
    expect(await savedEvents()).toBe(events + 1);
    (await steward.put(`${url}/age`, { valueType: "number", enabled: false })).expect(201);
    const names = async (query: string) =>
      (await steward.get<{ items: FieldDefinition[] }>(url + query)).expect(200).items.map(({ name }) => name);
    expect(await names("")).toEqual(["born"]);
    expect(await names("?includeDisabled=true")).toEqual(["age", "born"]);
    expect((await steward.get(`${url}/age`)).expect(200)).toMatchObject({ enabled: false });
    (await steward.delete(`${url}/born`)).expect(204);
    (await steward.get(`${url}/born`)).expectProblem(404, "definition_not_found");
    (await steward.delete(`${url}/born`)).expectProblem(404, "definition_not_found");
  });

  it.each([
    {
      what: "a pattern that does not compile",
      body: { valueType: "string", validationRegex: "(" },
      at: "/validationRegex",
    },
    { what: "a pattern for numbers", body: { valueType: "number", validationRegex: "1" }, at: "/validationRegex" },
    { what: "a back reference", body: { valueType: "string", validationRegex: "(a)\\1" }, at: "/validationRegex" },
    {
      what: "values of another type",
      body: { valueType: "number", allowedValues: ["1", "x"] },
      at: "/allowedValues/1",
    },
    { what: "values for objects", body: { valueType: "json", allowedValues: ["{}"] }, at: "/allowedValues" },
  ])("refuses $what", async ({ body, at }) => {
    const before = await world.dump(world.a.tenantId);
    const reply = await steward.put(`/v1/agents/${uuid()}/field-definitions/a`, body);
    expect(reply.expectProblem(400, "invalid_definition").errors?.map(({ path }) => path)).toEqual([at]);
    expect(await world.dump(world.a.tenantId)).toBe(before);
  });

  it("keeps answering while a pattern meets what would hold up a backtracking engine", async () => {
    const agentId = uuid();
    const definition = { valueType: "string", validationRegex: "(a+)+$", validationMode: "strict" };
    (await steward.put(`/v1/agents/${agentId}/field-definitions/evil`, definition)).expect(201);
    const url = `/v1/agents/${agentId}/field-definitions/evil/validate`;
    const startedMs = performance.now();
    const reply = await world.a.agent.post(url, { value: `${"a".repeat(20_000)}!` });
    expect(reply.expect(200)).toMatchObject({ valid: false, errors: [{ errorType: "regex_error" }] });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  describe("requirements", () => {
    const put = (url: string, requirements: readonly object[]) =>
      steward.put<{ items: FieldRequirement[] }>(url, { requirements });
    const list = async (url: string) =>
      (await steward.get<{ items: FieldRequirement[] }>(url)).expect(200).items.map(({ fieldName }) => fieldName);

    it("are replaced as a whole, for a step, or for the scenario without its steps", async () => {
      const url = `/v1/scenarios/${uuid()}/requirements`;
      const agentId = uuid();
      const [stepId, otherId] = [uuid(), uuid()];
      const whole = [
        { agentId, fieldName: "b", collectionOrder: 1 },
        { agentId, fieldName: "a", collectionOrder: 1 },
        { agentId, fieldName: "first", collectionOrder: 0 },
        { agentId, fieldName: "here", stepId, collectionOrder: 2 },
        { agentId, fieldName: "there", stepId: otherId, collectionOrder: 3 },
      ];
      const stored = (await put(url, whole)).expect(200).items;
      expect(stored.map(({ fieldName }) => fieldName)).toEqual(["first", "a", "b", "here", "there"]);
      expect(await list(url)).toEqual(["first", "a", "b", "here", "there"]);
      expect(await list(`${url}?scope=scenario`)).toEqual(["first", "a", "b"]);
      expect(await list(`${url}?stepId=${stepId}`)).toEqual(["here"]);
      expect(await list(`${url}?scope=effective&stepId=${stepId}`)).toEqual(["first", "a", "b", "here"]);
      (await put(`${url}?stepId=${stepId}`, [{ agentId, fieldName: "new" }])).expect(200);
      (await put(`${url}?scope=scenario`, [{ agentId, fieldName: "only" }])).expect(200);
      expect(await list(url)).toEqual(["new", "only", "there"]);
      const removed = await steward.delete(`${url}?stepId=${otherId}`);
      expect(removed.expect(200)).toEqual({ deleted: 1 });
      expect(await list(url)).toEqual(["new", "only"]);
      (await put(url, [])).expect(200);
      expect(await list(url)).toEqual([]);
      (await steward.delete(`${url}?scope=effective`)).expectProblem(400, "invalid_request");
      (await put(`${url}?scope=step`, [])).expectProblem(400, "invalid_request");
    });

    it.each([
      { what: "one field twice", bad: { fieldName: "fine" }, at: "/requirements/1" },
      {
        what: "a condition that does not compile",
        bad: { whenCondition: "fields." },
        at: "/requirements/1/whenCondition",
      },
      { what: "a hard one that may be skipped", bad: { fallbackAction: "skip" }, at: "/requirements/1/fallbackAction" },
      { what: "one that waits for itself", bad: { dependsOnFields: ["bad"] }, at: "/requirements/1/dependsOnFields" },
    ])("with $what are refused, and the old ones stay", async ({ bad, at }) => {
      const url = `/v1/scenarios/${uuid()}/requirements`;
      const agentId = uuid();
      (await put(url, [{ agentId, fieldName: "old" }])).expect(200);
      const before = await world.dump(world.a.tenantId);
      const reply = await put(url, [
        { agentId, fieldName: "fine" },
        { agentId, fieldName: "bad", ...bad },
      ]);
      expect(reply.expectProblem(400, "invalid_requirement").errors?.map(({ path }) => path)).toEqual([at]);
      expect(await world.dump(world.a.tenantId)).toBe(before);
    });

    it("of another step than the one that is replaced are refused", async () => {
      const url = `/v1/scenarios/${uuid()}/requirements`;
      const agentId = uuid();
      const elsewhere = await put(`${url}?stepId=${uuid()}`, [{ agentId, fieldName: "a", stepId: uuid() }]);
      expect(elsewhere.expectProblem(400, "invalid_requirement").errors?.map(({ path }) => path)).toEqual([
        "/requirements/0",
      ]);
      const inStep = await put(`${url}?scope=scenario`, [{ agentId, fieldName: "a", stepId: uuid() }]);
      inStep.expectProblem(400, "invalid_requirement");
      expect(await list(url)).toEqual([]);
    });

    it("are at most five hundred for a scenario, and the answer names the limit", async () => {
      const url = `/v1/scenarios/${uuid()}/requirements`;
      const agentId = uuid();
      const many = Array.from({ length: 501 }, (_, number) => ({ agentId, fieldName: `f_${number}` }));
      expect((await put(url, many)).expectProblem(422, "limit_exceeded")["limit"]).toBe(500);
      (await put(url, many.slice(1))).expect(200);
      (await put(`${url}?stepId=${uuid()}`, [{ agentId, fieldName: "one_more" }])).expectProblem(422, "limit_exceeded");
      expect(await list(url)).toHaveLength(500);
    });
  });
});
