import { expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { type ScenarioId, type StepId, UuidV7Generator } from "../identifiers.ts";
import {
  type FieldRequirement,
  REQUIREMENTS_PER_SCENARIO_MAX,
  type RequirementSelector,
} from "../schema/requirement.ts";
import type { SchemaStore } from "../schema/schema-store.ts";
import { freshRequirement, SCHEMA_NOW } from "./schema-records.ts";
import type { SchemaContext } from "./schema-storage.ts";

const LATER = "2026-03-04T09:30:00.120Z" as Instant;
const ids = new UuidV7Generator();

export function requirementContract(context: SchemaContext): void {
  it("returns what was put, every member of it", async () => {
    const plain = freshRequirement();
    const full = freshRequirement({
      scenarioId: plain.scenarioId,
      stepId: ids.uuid(),
      ruleId: ids.uuid(),
      requiredLevel: "soft",
      fallbackAction: "skip",
      whenCondition: 'has(fields.age) && fields.age < 18 || session.note == "«a, b»"',
      dependsOnFields: ["age", "country"],
      collectionOrder: 3,
      needsHumanReview: true,
      extractionConfidence: 0.1 + 0.2,
      origin: "extracted",
      updatedAt: LATER,
    });
    expect(await context.store.putRequirement(plain)).toEqual(plain);
    expect(await context.store.putRequirement(full)).toEqual(full);
    expect(await context.store.listRequirements(scenarioOf(plain), { kind: "all" })).toEqual([plain, full]);
  });

  it("replaces under the key, keeping the stored id and creation", async () => {
    const first = await context.store.putRequirement(freshRequirement());
    const next = {
      ...freshRequirement({ ...first, id: ids.uuid(), collectionOrder: 9 }),
      createdAt: LATER,
      updatedAt: LATER,
    };
    const expected = { ...next, id: first.id, createdAt: SCHEMA_NOW };
    expect(await context.store.putRequirement(next)).toEqual(expected);
    expect(await context.store.listRequirements(scenarioOf(first), { kind: "all" })).toEqual([expected]);
    const later = "2027-01-01T00:00:00.000Z" as Instant;
    expect(await context.store.putRequirement({ ...next, updatedAt: later })).toEqual(expected);
  });

  it("takes each part of the key into account, and unset parts as equal", async () => {
    const base = freshRequirement();
    const parts: Partial<FieldRequirement>[] = [
      {},
      { stepId: ids.uuid() },
      { ruleId: ids.uuid() },
      { agentId: ids.uuid() },
      { fieldName: "email" },
      { stepId: ids.uuid(), ruleId: ids.uuid() },
    ];
    for (let round = 0; round < 2; round++) {
      for (const part of parts) await context.store.putRequirement({ ...base, ...part, id: ids.uuid() });
      expect(await context.store.listRequirements(scenarioOf(base), { kind: "all" })).toHaveLength(parts.length);
    }
  });

  it("keeps the requirements of a rule alone apart from those of scenarios", async () => {
    const ruleId = ids.uuid<string>();
    const alone = freshRequirement({ scenarioId: null, ruleId, fieldName: "b" });
    const first = freshRequirement({ scenarioId: null, ruleId, fieldName: "a" });
    const inScenario = freshRequirement({ ruleId });
    for (const each of [alone, first, inScenario]) await context.store.putRequirement(each);
    await context.store.putRequirement({ ...alone, id: ids.uuid() });
    expect(await context.store.listRuleRequirements(ruleId)).toEqual([first, alone]);
    expect(await context.store.listRequirements(scenarioOf(inScenario), { kind: "all" })).toEqual([inScenario]);
    expect(await context.store.deleteRuleRequirements(ruleId)).toBe(2);
    expect(await context.store.deleteRuleRequirements(ruleId)).toBe(0);
    expect(await context.store.listRuleRequirements(ruleId)).toEqual([]);
    expect(await context.store.listRequirements(scenarioOf(inScenario), { kind: "all" })).toHaveLength(1);
  });

  it("lists by order, then field name, then id", async () => {
    const { scenarioId } = freshRequirement();
    const stepId = ids.uuid<StepId>();
    const rows = [
      freshRequirement({ scenarioId, fieldName: "b", collectionOrder: 1 }),
      freshRequirement({ scenarioId, fieldName: "a_c", collectionOrder: 1 }),
      freshRequirement({ scenarioId, fieldName: "ab", collectionOrder: 1 }),
      freshRequirement({ scenarioId, fieldName: "ab", collectionOrder: 1, stepId }),
      freshRequirement({ scenarioId, fieldName: "z", collectionOrder: 0 }),
      freshRequirement({ scenarioId, fieldName: "y", collectionOrder: 10 }),
    ];
    for (const row of rows.toReversed()) await context.store.putRequirement(row);
    const listed = await context.store.listRequirements(scenarioId as ScenarioId, { kind: "all" });
    expect(listed).toEqual([rows[4], rows[1], rows[2], rows[3], rows[0], rows[5]]);
  });

  it("selects all, the scenario's, a step's, and what is in force at a step", async () => {
    const { scenarioId, one, two, wide } = await threePlaces(context.store);
    const select = async (selector: RequirementSelector) =>
      (await context.store.listRequirements(scenarioId, selector)).map(({ fieldName }) => fieldName);
    expect(await select({ kind: "all" })).toEqual(["at_one", "at_two", "wide"]);
    expect(await select({ kind: "scenario" })).toEqual(["wide"]);
    expect(await select({ kind: "step", stepId: one })).toEqual(["at_one"]);
    expect(await select({ kind: "effective", stepId: one })).toEqual(["at_one", "wide"]);
    expect(await select({ kind: "effective", stepId: two })).toEqual(["at_two", "wide"]);
    expect(await select({ kind: "effective", stepId: null })).toEqual(["wide"]);
    expect(await select({ kind: "step", stepId: ids.uuid() })).toEqual([]);
    expect(await context.store.listRequirements(ids.uuid(), { kind: "all" })).toEqual([]);
    expect(wide.stepId).toBeNull();
  });

  it("deletes the selected part and counts it", async () => {
    const { scenarioId, one } = await threePlaces(context.store);
    const left = async () => (await context.store.listRequirements(scenarioId, { kind: "all" })).length;
    expect(await context.store.deleteRequirements(scenarioId, { kind: "step", stepId: one })).toBe(1);
    expect(await context.store.deleteRequirements(scenarioId, { kind: "step", stepId: one })).toBe(0);
    expect(await context.store.deleteRequirements(scenarioId, { kind: "scenario" })).toBe(1);
    expect(await left()).toBe(1);
    expect(await context.store.deleteRequirements(scenarioId, { kind: "all" })).toBe(1);
    expect(await left()).toBe(0);
  });

  it("refuses an id that another requirement has, and writes nothing", async () => {
    const { id, scenarioId } = await context.store.putRequirement(freshRequirement());
    const clash = freshRequirement({ id, scenarioId, fieldName: "other" });
    await expect(context.store.putRequirement(clash)).rejects.toMatchObject({ code: "item_exists" });
    expect(await context.store.listRequirements(scenarioId as ScenarioId, { kind: "all" })).toHaveLength(1);
  });

  it("refuses a requirement beyond the limit of its scenario or rule, but still replaces", async () => {
    const { scenarioId } = freshRequirement();
    const list = manyRequirements(scenarioId as ScenarioId, REQUIREMENTS_PER_SCENARIO_MAX);
    await context.store.replaceRequirements(scenarioId as ScenarioId, { kind: "all" }, list);
    const more = freshRequirement({ scenarioId, fieldName: "one_more" });
    await expect(context.store.putRequirement(more)).rejects.toMatchObject({ code: "limit_exceeded" });
    const changed = freshRequirement({ scenarioId, fieldName: "f7", collectionOrder: 5 });
    expect((await context.store.putRequirement(changed)).collectionOrder).toBe(5);
    const rule = freshRequirement({ scenarioId: null, ruleId: ids.uuid() });
    expect(await context.store.putRequirement(rule)).toEqual(rule);
  });
}

export function scenarioOf(requirement: FieldRequirement): ScenarioId {
  return requirement.scenarioId as ScenarioId;
}

export function manyRequirements(scenarioId: ScenarioId, count: number): FieldRequirement[] {
  return Array.from({ length: count }, (_, index) =>
    freshRequirement({ scenarioId, fieldName: `f${index}`, collectionOrder: index }),
  );
}

/** One requirement at each of two steps, and one of the scenario as a whole. */
export async function threePlaces(store: SchemaStore) {
  const scenarioId = ids.uuid<ScenarioId>();
  const [one, two] = [ids.uuid<StepId>(), ids.uuid<StepId>()];
  await store.putRequirement(freshRequirement({ scenarioId, stepId: one, fieldName: "at_one" }));
  await store.putRequirement(freshRequirement({ scenarioId, stepId: two, fieldName: "at_two" }));
  const wide = await store.putRequirement(freshRequirement({ scenarioId, fieldName: "wide" }));
  return { scenarioId, one, two, wide };
}
