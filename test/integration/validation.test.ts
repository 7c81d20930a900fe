import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineFields } from "./define-fields.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

type Mode = "strict" | "warn" | "disabled" | null;

describe.each(integrationEngines())("validation in the write path on $name", (engine) => {
  let world: World;
  let customer: TestCustomer;

  beforeAll(async () => {
    world = await openWorld(engine);
    customer = await newCustomer(world.a);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const newAgent = async (definitions: Record<string, object>) => {
    const agentId = uuid();
    await defineFields(world.a.admin, agentId, definitions);
    return agentId;
  };

  it("US3-1: a value that breaks a strict definition is refused and nothing at all is written", async () => {
    const agentId = await newAgent({
      born: { valueType: "date", validationMode: "strict" },
      nickname: { valueType: "string", validationMode: "warn" },
    });
    const before = await world.dump(world.a.tenantId);
    const logged = world.log.length;
    const fields = [
      { name: "nickname", value: "Marta" },
      { name: "born", value: "the secret 15/01/1991" },
    ];
    const reply = await customer.tryWrite(fields, { agentId });
    const problem = reply.expectProblem(422, "schema_validation_failed");
    expect(problem["results"]).toEqual([
      { name: "nickname", outcome: "accepted", errors: [] },
      {
        name: "born",
        outcome: "rejected",
        errors: [{ fieldName: "born", errorType: "format_error", message: expect.any(String) as string }],
      },
    ]);
    expect(problem.errors).toMatchObject([{ path: "/fields/1/value", code: "format_error" }]);
    expect(await world.dump(world.a.tenantId)).toBe(before);
    expect(reply.text).not.toContain("secret");
    const lines = world.log.slice(logged);
    expect(JSON.stringify(lines)).not.toContain("secret");
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "schema_validation_failed", fieldName: "born", validationMode: "strict" }),
    );
  });

  it("US3-1: warn accepts the value, lists what is wrong with it, and logs and counts it", async () => {
    const agentId = await newAgent({ level: { valueType: "number", validationMode: "warn" } });
    const reply = await customer.tryWrite([{ name: "level", value: "high" }], { agentId });
    expect(reply.expect(200).results).toMatchObject([
      {
        name: "level",
        outcome: "accepted",
        errors: [{ fieldName: "level", errorType: "format_error" }],
        field: { value: "high", valueType: "string", status: "active" },
      },
    ]);
    expect(await customer.field("level")).toMatchObject({ value: "high" });
    expect(world.log).toContainEqual(
      expect.objectContaining({ event: "schema_validation_failed", fieldName: "level", validationMode: "warn" }),
    );
    expect(await world.metrics()).toMatch(
      /^strongroom_profile_schema_validation_errors_total\{(?=.*field_name="level")(?=.*error_type="format_error").*\} 1/m,
    );
  });

  it("US3-1: disabled leaves the value alone", async () => {
    const definition = { valueType: "number", validationMode: "disabled", allowedValues: ["1"] };
    const agentId = await newAgent({ free: definition });
    const reply = await customer.tryWrite([{ name: "free", value: " 42 " }], { agentId });
    const [result] = reply.expect(200).results;
    expect(result).toMatchObject({ errors: [], field: { value: " 42 ", valueType: "string" } });
  });

  describe("US3-1: the mode is the definition's, else the agent's, else the tenant's, else warn", () => {
    const CASES: { definition: Mode; agent: Mode; tenant: Mode; request?: Mode; outcome: string }[] = [
      { definition: null, agent: null, tenant: null, outcome: "warned" },
      { definition: null, agent: null, tenant: "strict", outcome: "rejected" },
      { definition: null, agent: null, tenant: "disabled", outcome: "ignored" },
      { definition: null, agent: "strict", tenant: "disabled", outcome: "rejected" },
      { definition: null, agent: "disabled", tenant: "strict", outcome: "ignored" },
      { definition: "strict", agent: "disabled", tenant: "disabled", outcome: "rejected" },
      { definition: "warn", agent: "strict", tenant: "strict", outcome: "warned" },
      { definition: "disabled", agent: "strict", tenant: "strict", outcome: "ignored" },
      { definition: "warn", agent: null, tenant: null, request: "strict", outcome: "rejected" },
      { definition: "strict", agent: null, tenant: null, request: "warn", outcome: "rejected" },
      { definition: "strict", agent: null, tenant: null, request: "disabled", outcome: "rejected" },
      { definition: "warn", agent: null, tenant: null, request: "disabled", outcome: "warned" },
      { definition: "disabled", agent: null, tenant: null, request: "warn", outcome: "warned" },
      { definition: "disabled", agent: null, tenant: null, request: "strict", outcome: "rejected" },
    ];

    it.each(CASES)(
      "definition $definition, agent $agent, tenant $tenant, request $request: $outcome",
      async ({ definition, agent, tenant, request, outcome }) => {
        const agentId = await newAgent({ rank: { valueType: "number", validationMode: definition } });
        (await world.a.admin.put(`/v1/agents/${agentId}/settings`, { validationMode: agent })).expect(200);
        const tenantUrl = `/v1/tenants/${world.a.tenantId}`;
        (await world.platform.patch(tenantUrl, { validationMode: tenant })).expect(200);
        try {
          const options = { agentId, ...(request && { mode: request }) };
          const reply = await customer.tryWrite([{ name: "rank", value: "first" }], options);
          if (outcome === "rejected") reply.expectProblem(422, "schema_validation_failed");
          else expect(reply.expect(200).results[0]?.errors).toHaveLength(outcome === "warned" ? 1 : 0);
        } finally {
          (await world.platform.patch(tenantUrl, { validationMode: null })).expect(200);
        }
      },
    );
  });

  describe("edge: a field that no definition describes", () => {
    it.each([
      { mode: "strict" as const, outcome: "is rejected" },
      { mode: "warn" as const, outcome: "is accepted with an error" },
      { mode: "disabled" as const, outcome: "is accepted" },
    ])("$outcome in mode $mode", async ({ mode }) => {
      const agentId = await newAgent({ known: { valueType: "string" } });
      (await world.a.admin.put(`/v1/agents/${agentId}/settings`, { validationMode: mode })).expect(200);
      const reply = await customer.tryWrite([{ name: "unheard_of", value: "x" }], { agentId });
      if (mode === "strict") {
        const problem = reply.expectProblem(422, "schema_validation_failed");
        expect(problem.errors).toMatchObject([{ path: "/fields/0/value", code: "unknown_field" }]);
        return;
      }
      const [result] = reply.expect(200).results;
      expect(result?.errors.map(({ errorType }) => errorType)).toEqual(mode === "warn" ? ["unknown_field"] : []);
    });

    it.each([
      { state: "disabled", members: { enabled: false } },
      { state: "only suggested", members: { suggestionState: "suggested" } },
    ])("counts as unknown while its definition is $state", async ({ members }) => {
      const agentId = await newAgent({ draft: { valueType: "number", validationMode: "strict", ...members } });
      const reply = await customer.tryWrite([{ name: "draft", value: "not a number" }], { agentId });
      expect(reply.expect(200).results).toMatchObject([{ errors: [{ errorType: "unknown_field" }] }]);
    });
  });

  it("stores values in their canonical form", async () => {
    const agentId = await newAgent({
      mail: { valueType: "email" },
      phone: { valueType: "phone" },
      born: { valueType: "date" },
      income: { valueType: "number" },
      resident: { valueType: "boolean" },
      profile: { valueType: "json" },
    });
    const written = await customer.write(
      [
        { name: "mail", value: " Marta@EXAMPLE.com " },
        { name: "phone", value: "+34 600 111 222" },
        { name: "born", value: "1991-05-14" },
        { name: "income", value: "89.50" },
        { name: "resident", value: "Yes" },
        { name: "profile", value: '{"a":[1]}' },
      ],
      { agentId, mode: "strict" },
    );
    expect(written.map(({ value }) => value)).toEqual([
      "Marta@example.com",
      "+34600111222",
      "1991-05-14",
      89.5,
      true,
      { a: [1] },
    ]);
    expect(written.every(({ fieldDefinitionId }) => fieldDefinitionId !== null)).toBe(true);
  });

  it("matches patterns as a whole and allowed values after coercion", async () => {
    const agentId = await newAgent({
      code: { valueType: "string", validationRegex: "[A-Z]{3}", validationMode: "strict" },
      rank: { valueType: "number", allowedValues: ["1", "2"], validationMode: "strict" },
    });
    const errorOf = async (name: string, value: unknown) => {
      const reply = await customer.tryWrite([{ name, value }], { agentId });
      return reply.status === 200 ? null : reply.expectProblem(422, "schema_validation_failed").errors?.[0]?.code;
    };
    expect(await errorOf("code", "ABC")).toBeNull();
    expect(await errorOf("code", "ABCD")).toBe("regex_error");
    expect(await errorOf("code", 5)).toBe("type_error");
    expect(await errorOf("rank", "2.0")).toBeNull();
    expect(await errorOf("rank", 3)).toBe("allowed_values_error");
  });

  it("tries a value without writing anything", async () => {
    const agentId = await newAgent({ born: { valueType: "date", isPii: true } });
    const before = await world.dump(world.a.tenantId);
    const url = `/v1/agents/${agentId}/field-definitions/born/validate`;
    expect((await world.a.agent.post(url, { value: "1991-05-14" })).expect(200)).toEqual({
      valid: true,
      value: "1991-05-14",
      valueType: "date",
      errors: [],
    });
    const refused = await world.a.agent.post(url, { value: "30/02/1991" });
    expect(refused.expect(200)).toMatchObject({ valid: false, value: null, errors: [{ errorType: "format_error" }] });
    expect(refused.text).not.toContain("30/02");
    expect(await world.dump(world.a.tenantId)).toBe(before);
  });

  it("applies no definition to a write without an agent, but lets the caller name a type", async () => {
    await newAgent({ age: { valueType: "number", validationMode: "strict" } });
    const untouched = await customer.writeOne({ name: "age", value: "42" });
    expect(untouched).toMatchObject({ value: "42", valueType: "string", fieldDefinitionId: null });
    const typed = await customer.writeOne({ name: "age", value: "42", valueType: "number" });
    expect(typed).toMatchObject({ value: 42, valueType: "number" });
  });
});
