import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MissingField } from "../../src/schema/missing-fields.ts";
import { defineFields, requireFields } from "./define-fields.ts";
import { DAY_MS, SECOND_MS } from "./durations.ts";
import { integrationEngines } from "./engines.ts";
import { newCustomer, type TestCustomer, uuid } from "./test-customer.ts";
import { openWorld, type World } from "./world.ts";

describe.each(integrationEngines())("missing fields on $name", (engine) => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld(engine);
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function prepare(definitions: Record<string, object>, requirements: readonly object[]) {
    const place = { agentId: uuid(), scenarioId: uuid() };
    await defineFields(world.a.admin, place.agentId, definitions);
    await requireFields(world.a.admin, place, requirements);
    return { ...place, customer: await newCustomer(world.a) };
  }

  async function missing(customer: TestCustomer, query: object): Promise<readonly MissingField[]> {
    const text = new URLSearchParams(query as Record<string, string>).toString();
    const reply = await world.a.agent.get<{ items: readonly MissingField[] }>(`${customer.url}/missing?${text}`);
    return reply.expect(200).items;
  }
  const named = (items: readonly MissingField[]) => items.map(({ fieldName, reason }) => `${fieldName} ${reason}`);

  it("US3-2: exactly the required fields that are absent, in collection order, with their question", async () => {
    const { customer, scenarioId, agentId } = await prepare(
      {
        legal_name: { valueType: "string", displayName: "Legal name", collectionPrompt: "What is your full name?" },
        date_of_birth: { valueType: "date", collectionPrompt: "When were you born?" },
        language: { valueType: "string" },
        known: { valueType: "string" },
      },
      [
        { fieldName: "date_of_birth", collectionOrder: 2, fallbackAction: "extract" },
        { fieldName: "language", collectionOrder: 0, requiredLevel: "soft", fallbackAction: "skip" },
        { fieldName: "legal_name", collectionOrder: 1 },
        { fieldName: "known", collectionOrder: 0 },
      ],
    );
    await customer.writeOne({ name: "known", value: "x" });
    const items = await missing(customer, { scenarioId });
    expect(items).toEqual([
      {
        fieldName: "legal_name",
        reason: "absent",
        requiredLevel: "hard",
        fallbackAction: "ask",
        collectionOrder: 1,
        agentId,
        stepId: null,
        requirementId: expect.any(String) as string,
        definitionId: expect.any(String) as string,
        displayName: "Legal name",
        valueType: "string",
        collectionPrompt: "What is your full name?",
        blocking: true,
      },
      expect.objectContaining({ fieldName: "date_of_birth", fallbackAction: "extract", collectionOrder: 2 }),
    ]);
    expect(named(await missing(customer, { scenarioId, level: "all" }))).toEqual([
      "language absent",
      "legal_name absent",
      "date_of_birth absent",
    ]);
    expect(named(await missing(customer, { scenarioId, level: "soft" }))).toEqual(["language absent"]);
    await customer.write([
      { name: "legal_name", value: "Marta" },
      { name: "date_of_birth", value: "1991-05-14" },
    ]);
    expect(await missing(customer, { scenarioId })).toEqual([]);
    expect(await missing(customer, { scenarioId: uuid() })).toEqual([]);
  });

  it("US3-2: each reason why a stored value does not count", async () => {
    const verifiable = { valueType: "string", requiredVerification: true, verificationMethods: ["otp", "document"] };
    const names = ["overdue", "swept", "old", "unproven", "wrongly_proven", "proven", "pending", "lost", "fine"];
    const { customer, scenarioId, agentId } = await prepare(
      {
        old: { valueType: "string", freshnessSeconds: 60 },
        unproven: verifiable,
        wrongly_proven: verifiable,
        proven: verifiable,
      },
      names.map((fieldName, collectionOrder) => ({ fieldName, collectionOrder })),
    );
    const card = await customer.register();
    const end = world.clock.now();
    await customer.writeOne({ name: "swept", value: "x", expiresAt: end });
    await customer.expireStale();
    await customer.write(
      [
        { name: "overdue", value: "x", expiresAt: end },
        { name: "old", value: "x", collectedAt: new Date(Date.parse(end) - 61 * SECOND_MS).toISOString() },
        { name: "unproven", value: "x" },
        { name: "wrongly_proven", value: "x", verified: true, verificationMethod: "guess" },
        { name: "proven", value: "x" },
        { name: "pending", value: "x", requiresConfirmation: true },
        { name: "lost", value: "x", sources: [{ type: "profile_asset", id: card.id }] },
        { name: "fine", value: "x" },
      ],
      { agentId },
    );
    await customer.deleteAsset(card.id);
    await customer.detectOrphans();
    const verify = await world.a.agent.post(`${customer.url}/fields/proven/verify`, { method: "otp", by: "bot" });
    verify.expect(200);
    expect(named(await missing(customer, { scenarioId }))).toEqual([
      "overdue expired",
      "swept expired",
      "old stale",
      "unproven unverified",
      "wrongly_proven unverified",
      "pending needs_confirmation",
      "lost absent",
    ]);
    const confirm = await world.a.agent.post(`${customer.url}/fields/pending/confirm`, { method: "chat", by: "Marta" });
    confirm.expect(200);
    expect(named(await missing(customer, { scenarioId }))).not.toContain("pending needs_confirmation");
  });

  it("US3-2: what is fresh now goes stale with time, to the second", async () => {
    const { customer, scenarioId, agentId } = await prepare({ quote: { valueType: "number", freshnessSeconds: 60 } }, [
      { fieldName: "quote" },
    ]);
    await customer.writeOne({ name: "quote", value: 1 }, { agentId });
    world.clock.advance(60 * SECOND_MS);
    expect(await missing(customer, { scenarioId })).toEqual([]);
    world.clock.advance(1);
    expect(named(await missing(customer, { scenarioId }))).toEqual(["quote stale"]);
  });

  it("US3-2: freshness and verification are those of the requirement's own agent", async () => {
    const { customer, scenarioId } = await prepare({ quote: { valueType: "number", freshnessSeconds: 60 } }, [
      { fieldName: "quote", agentId: uuid() },
    ]);
    await customer.writeOne({ name: "quote", value: 1 });
    world.clock.advance(DAY_MS);
    expect(await missing(customer, { scenarioId })).toEqual([]);
  });

  it("US3-2: at a step, its requirements count with those of the whole scenario", async () => {
    const { customer, scenarioId, agentId } = await prepare({}, []);
    const [stepId, otherStepId] = [uuid(), uuid()];
    await requireFields(world.a.admin, { agentId, scenarioId }, [
      { fieldName: "everywhere", collectionOrder: 2 },
      { fieldName: "here", collectionOrder: 1, stepId },
      { fieldName: "there", collectionOrder: 0, stepId: otherStepId },
      { fieldName: "both", collectionOrder: 9 },
      { fieldName: "both", collectionOrder: 3, stepId, requiredLevel: "soft" },
    ]);
    expect(named(await missing(customer, { scenarioId, stepId }))).toEqual([
      "here absent",
      "everywhere absent",
      "both absent",
    ]);
    expect(named(await missing(customer, { scenarioId }))).toEqual(["everywhere absent", "both absent"]);
    const [both] = (await missing(customer, { scenarioId, stepId, level: "all" })).filter(
      ({ fieldName }) => fieldName === "both",
    );
    expect(both).toMatchObject({ requiredLevel: "hard", collectionOrder: 3, blocking: true });
  });

  it("US3-2: conditions and dependencies decide whether a requirement counts", async () => {
    const { customer, scenarioId } = await prepare({}, [
      { fieldName: "income", collectionOrder: 1, whenCondition: 'fields.employment == "employed"' },
      { fieldName: "permit", collectionOrder: 2, dependsOnFields: ["nationality"] },
      { fieldName: "guess", collectionOrder: 3, needsHumanReview: true },
    ]);
    // A condition that cannot be answered leaves the requirement in place; a dependency that is absent does not.
    expect(named(await missing(customer, { scenarioId }))).toEqual(["income absent"]);
    await customer.write([
      { name: "employment", value: "student" },
      { name: "nationality", value: "ES" },
    ]);
    expect(named(await missing(customer, { scenarioId }))).toEqual(["permit absent"]);
    await customer.writeOne({ name: "employment", value: "employed" });
    expect(named(await missing(customer, { scenarioId }))).toEqual(["income absent", "permit absent"]);
    expect(await missing(customer, { scenarioId, level: "soft" })).toMatchObject([
      { fieldName: "guess", requiredLevel: "soft", blocking: false },
    ]);
  });

  it("US3-2: a condition may read an encrypted value, which the answer does not show", async () => {
    const { customer, scenarioId, agentId } = await prepare(
      { segment: { valueType: "string", isPii: true, encryptionRequired: true } },
      [{ fieldName: "advisor", whenCondition: 'fields.segment == "private"' }],
    );
    await customer.writeOne({ name: "segment", value: "retail" }, { agentId });
    expect(await missing(customer, { scenarioId })).toEqual([]);
    await customer.writeOne({ name: "segment", value: "private" }, { agentId });
    expect(named(await missing(customer, { scenarioId }))).toEqual(["advisor absent"]);
  });
});
