import { expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { type ScenarioId, UuidV7Generator } from "../identifiers.ts";
import { type FieldRequirement, REQUIREMENTS_PER_SCENARIO_MAX, type RequirementScope } from "../schema/requirement.ts";
import type { SchemaStore } from "../schema/schema-store.ts";
import { manyRequirements, threePlaces } from "./requirement-store-contract.ts";
import { freshRequirement, SCHEMA_NOW } from "./schema-records.ts";
import type { SchemaContext } from "./schema-storage.ts";

const LATER = "2026-03-04T09:30:00.120Z" as Instant;
const ids = new UuidV7Generator();

export function replacementContract(context: SchemaContext): void {
  it("makes the list the whole content, keeping the rows whose keys stay", async () => {
    const { scenarioId, one, wide } = await threePlaces(context.store);
    const kept = freshRequirement({
      scenarioId,
      fieldName: "wide",
      collectionOrder: 1,
      createdAt: LATER,
      updatedAt: LATER,
    });
    const fresh = freshRequirement({ scenarioId, stepId: one, fieldName: "fresh" });
    const expected = [fresh, { ...kept, id: wide.id, createdAt: SCHEMA_NOW }];
    expect(await context.store.replaceRequirements(scenarioId, { kind: "all" }, [kept, fresh])).toEqual(expected);
    expect(await context.store.listRequirements(scenarioId, { kind: "all" })).toEqual(expected);
  });

  it("leaves rows alone that would not change", async () => {
    const { scenarioId, wide } = await threePlaces(context.store);
    const again = { ...wide, id: ids.uuid<FieldRequirement["id"]>(), createdAt: LATER, updatedAt: LATER };
    expect(await context.store.replaceRequirements(scenarioId, { kind: "scenario" }, [again])).toEqual([wide]);
  });

  it("replaces one step's part, or the scenario's own, and nothing else", async () => {
    const { scenarioId, one } = await threePlaces(context.store);
    const atOne = freshRequirement({ scenarioId, stepId: one, fieldName: "new_at_one" });
    await context.store.replaceRequirements(scenarioId, { kind: "step", stepId: one }, [atOne]);
    expect(await names(context.store, scenarioId)).toEqual(["at_two", "new_at_one", "wide"]);
    await context.store.replaceRequirements(scenarioId, { kind: "scenario" }, []);
    expect(await names(context.store, scenarioId)).toEqual(["at_two", "new_at_one"]);
    await context.store.replaceRequirements(scenarioId, { kind: "all" }, []);
    expect(await names(context.store, scenarioId)).toEqual([]);
  });

  it("leaves other scenarios and rules alone", async () => {
    const [mine, theirs] = [await threePlaces(context.store), await threePlaces(context.store)];
    const rule = await context.store.putRequirement(freshRequirement({ scenarioId: null, ruleId: ids.uuid() }));
    await context.store.replaceRequirements(mine.scenarioId, { kind: "all" }, []);
    expect(await names(context.store, theirs.scenarioId)).toEqual(["at_one", "at_two", "wide"]);
    expect(await context.store.listRuleRequirements(rule.ruleId as string)).toEqual([rule]);
  });

  it("refuses a list that lies outside the scope or repeats a key, and changes nothing", async () => {
    const { scenarioId, one, two } = await threePlaces(context.store);
    const wide = freshRequirement({ scenarioId });
    const cases: [RequirementScope, FieldRequirement[]][] = [
      [{ kind: "all" }, [freshRequirement()]],
      [{ kind: "scenario" }, [freshRequirement({ scenarioId, stepId: one })]],
      [{ kind: "step", stepId: one }, [freshRequirement({ scenarioId, stepId: two })]],
      [{ kind: "step", stepId: one }, [wide]],
      [{ kind: "all" }, [wide, freshRequirement({ scenarioId, collectionOrder: 4 })]],
    ];
    for (const [scope, list] of cases) {
      const replacing = context.store.replaceRequirements(scenarioId, scope, list);
      await expect(replacing).rejects.toMatchObject({ code: "invalid_requirement" });
    }
    const tooMany = manyRequirements(scenarioId, REQUIREMENTS_PER_SCENARIO_MAX + 1);
    const replacing = context.store.replaceRequirements(scenarioId, { kind: "all" }, tooMany);
    await expect(replacing).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(await names(context.store, scenarioId)).toEqual(["at_one", "at_two", "wide"]);
  });

  it("changes nothing when a row cannot be stored", async () => {
    const { scenarioId } = await threePlaces(context.store);
    const elsewhere = await context.store.putRequirement(freshRequirement());
    const list = [freshRequirement({ scenarioId, fieldName: "a" }), freshRequirement({ scenarioId, id: elsewhere.id })];
    const replacing = context.store.replaceRequirements(scenarioId, { kind: "all" }, list);
    await expect(replacing).rejects.toMatchObject({ code: "item_exists" });
    expect(await names(context.store, scenarioId)).toEqual(["at_one", "at_two", "wide"]);
  });

  it("lets the last of concurrent replacements stand as a whole", async () => {
    const scenarioId = ids.uuid<ScenarioId>();
    const lists = Array.from({ length: 6 }, (_, list) =>
      ["a", "b", "c"].map((name) => freshRequirement({ scenarioId, fieldName: `${name}${list}` })),
    );
    await Promise.all(lists.map((list) => context.store.replaceRequirements(scenarioId, { kind: "all" }, list)));
    const standing = await names(context.store, scenarioId);
    expect(lists.map((list) => list.map(({ fieldName }) => fieldName))).toContainEqual(standing);
  });

  it("belongs to the transaction it is called in", async () => {
    const { scenarioId } = await threePlaces(context.store);
    const failing = context.storage.transaction(context.tenantId, async (store) => {
      await store.replaceRequirements(scenarioId, { kind: "all" }, [freshRequirement({ scenarioId, fieldName: "x" })]);
      expect(await names(store, scenarioId)).toEqual(["x"]);
      throw new RangeError("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    expect(await names(context.store, scenarioId)).toEqual(["at_one", "at_two", "wide"]);
  });
}

async function names(store: SchemaStore, scenarioId: ScenarioId): Promise<string[]> {
  return (await store.listRequirements(scenarioId, { kind: "all" })).map(({ fieldName }) => fieldName);
}
