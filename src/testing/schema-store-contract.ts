import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { type AgentId, type ScenarioId, type StepId, type TenantId, UuidV7Generator } from "../identifiers.ts";
import { DEFINITIONS_PER_AGENT_MAX, FIELD_VALUE_TYPES, type FieldDefinition } from "../schema/field-definition.ts";
import {
  type FieldRequirement,
  REQUIREMENTS_PER_SCENARIO_MAX,
  type RequirementScope,
  type RequirementSelector,
} from "../schema/requirement.ts";
import { DEFINITION_KEYS_MAX, type SchemaStore } from "../schema/schema-store.ts";

export interface SchemaStorage extends AsyncDisposable {
  /** A tenant that exists, with nothing in it. */
  createTenant(): Promise<TenantId>;
  forTenant(tenantId: TenantId): SchemaStore;
  /** Runs `work` with a store whose calls are one transaction. */
  transaction<T>(tenantId: TenantId, work: (store: SchemaStore) => Promise<T>): Promise<T>;
}

const NOW = "2026-03-03T09:30:00.000Z" as Instant;
const LATER = "2026-03-04T09:30:00.120Z" as Instant;
const ids = new UuidV7Generator();

/** What a `SchemaStore` must do. Every test has a tenant of its own and another one as adversary. */
export function schemaStoreContract(engine: string, open: () => Promise<SchemaStorage>): void {
  describe(`schema store on ${engine}`, () => {
    const context = {} as ContractContext;

    beforeAll(async () => {
      context.storage = await open();
    });
    afterAll(async () => {
      await context.storage[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      context.tenantId = await context.storage.createTenant();
      context.store = context.storage.forTenant(context.tenantId);
      context.other = context.storage.forTenant(await context.storage.createTenant());
    });

    describe("definitions", () => definitionContract(context));
    describe("requirements", () => requirementContract(context));
    describe("replacing requirements", () => replacementContract(context));
    describe("agent settings", () => agentSettingsContract(context));
    describe("another tenant", () => adversaryContract(context));
  });
}

interface ContractContext {
  storage: SchemaStorage;
  tenantId: TenantId;
  store: SchemaStore;
  other: SchemaStore;
}

function newDefinition(over: Partial<FieldDefinition> = {}): FieldDefinition {
  return {
    id: ids.uuid(),
    agentId: ids.uuid<AgentId>(),
    name: "legal_name",
    displayName: "Legal name",
    description: null,
    valueType: "string",
    validationRegex: null,
    validationToolId: null,
    allowedValues: null,
    validationMode: null,
    requiredVerification: false,
    verificationMethods: [],
    collectionPrompt: null,
    extractionExamples: [],
    extractionPromptHint: null,
    isPii: false,
    encryptionRequired: false,
    retentionDays: null,
    freshnessSeconds: null,
    enabled: true,
    suggestionState: "accepted",
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
    ...over,
  };
}

/** Every member differs from the default, with characters that separators and encodings trip over. */
const FULL: Partial<FieldDefinition> = {
  displayName: 'Имя «полное» 🪪 "quoted", {braced}',
  description: "Line one\nline two\\n, tab\t.",
  valueType: "email",
  validationRegex: String.raw`^[a-z]{2,}\.(a|b)$`,
  validationToolId: "tool/один",
  allowedValues: ["a,b", '"', "{}", "NULL", "", " 'x' "],
  validationMode: "strict",
  requiredVerification: true,
  verificationMethods: ["otp", "document"],
  collectionPrompt: "What is your name?",
  extractionExamples: ["I am Ada", "c'est \\moi"],
  extractionPromptHint: "After «my name is»",
  isPii: true,
  encryptionRequired: true,
  retentionDays: 36_500,
  freshnessSeconds: 1_000_000_000,
  enabled: false,
  suggestionState: "suggested",
  createdAt: "2024-02-29T23:59:59.999Z" as Instant,
  updatedAt: LATER,
};

function definitionContract(context: ContractContext): void {
  it("returns what was put, every member of it", async () => {
    for (const definition of [newDefinition(), newDefinition(FULL)]) {
      expect(await context.store.putDefinition(definition)).toEqual(definition);
      expect(await context.store.getDefinition(definition.agentId, definition.name)).toEqual(definition);
    }
  });

  it.each(FIELD_VALUE_TYPES)("keeps the value type %s", async (valueType) => {
    expect((await context.store.putDefinition(newDefinition({ valueType }))).valueType).toBe(valueType);
  });

  it("starts a new row at version 1, whatever the given record says", async () => {
    expect((await context.store.putDefinition(newDefinition({ version: 7 }))).version).toBe(1);
  });

  it("knows no definition that was not put", async () => {
    const { agentId } = await context.store.putDefinition(newDefinition());
    expect(await context.store.getDefinition(agentId, "legal_nam")).toBeUndefined();
    expect(await context.store.getDefinition(ids.uuid(), "legal_name")).toBeUndefined();
    expect(await context.store.listDefinitions(ids.uuid())).toEqual([]);
  });

  it("replaces under the name, keeping the stored id and creation, and counts the change", async () => {
    const first = await context.store.putDefinition(newDefinition());
    const next = newDefinition({ ...FULL, agentId: first.agentId, createdAt: LATER });
    const expected = { ...next, id: first.id, createdAt: NOW, version: 2 };
    expect(await context.store.putDefinition(next)).toEqual(expected);
    expect(await context.store.getDefinition(first.agentId, first.name)).toEqual(expected);
    const third = await context.store.putDefinition({ ...next, displayName: "Third" });
    expect(third).toMatchObject({ id: first.id, version: 3, displayName: "Third" });
  });

  it("leaves a row alone that would not change", async () => {
    const first = await context.store.putDefinition(newDefinition(FULL));
    const again = {
      ...first,
      id: ids.uuid<FieldDefinition["id"]>(),
      version: 9,
      createdAt: LATER,
      updatedAt: "2027-01-01T00:00:00.000Z" as Instant,
    };
    expect(await context.store.putDefinition(again)).toEqual(first);
  });

  it("tells an empty list of allowed values from none", async () => {
    const { agentId } = await context.store.putDefinition(newDefinition({ allowedValues: [] }));
    expect((await context.store.getDefinition(agentId, "legal_name"))?.allowedValues).toEqual([]);
    expect((await context.store.putDefinition(newDefinition({ agentId }))).allowedValues).toBeNull();
  });

  it("refuses an id that another definition has, and writes nothing", async () => {
    const { id, agentId } = await context.store.putDefinition(newDefinition());
    const clash = newDefinition({ id, agentId, name: "other_name" });
    await expect(context.store.putDefinition(clash)).rejects.toMatchObject({ code: "item_exists" });
    expect(await context.store.getDefinition(agentId, "other_name")).toBeUndefined();
  });

  it("lists by name in code unit order, enabled ones unless asked", async () => {
    const agentId = ids.uuid<AgentId>();
    const names = ["b", "a_c", "ab", "_z", "a1", "a", "aa_", "aa"];
    for (const name of names)
      await context.store.putDefinition(newDefinition({ agentId, name, enabled: name !== "ab" }));
    await context.store.putDefinition(newDefinition({ name: "of_another_agent" }));
    const sorted = names.toSorted();
    expect((await context.store.listDefinitions(agentId, { enabledOnly: false })).map(({ name }) => name)).toEqual(
      sorted,
    );
    const enabled = sorted.filter((name) => name !== "ab");
    expect((await context.store.listDefinitions(agentId)).map(({ name }) => name)).toEqual(enabled);
  });

  it("lists definitions in every suggestion state", async () => {
    const agentId = ids.uuid<AgentId>();
    for (const suggestionState of ["suggested", "accepted", "rejected"] as const) {
      await context.store.putDefinition(newDefinition({ agentId, name: suggestionState, suggestionState }));
    }
    expect(await context.store.listDefinitions(agentId)).toHaveLength(3);
  });

  it("finds named definitions of several agents, each once, by agent and name", async () => {
    const one = await context.store.putDefinition(newDefinition({ name: "b" }));
    const two = await context.store.putDefinition(newDefinition({ agentId: one.agentId, name: "a", enabled: false }));
    const far = await context.store.putDefinition(newDefinition({ name: "a", suggestionState: "rejected" }));
    const found = await context.store.findDefinitions([far, one, two, one, { agentId: far.agentId, name: "b" }]);
    expect(found).toEqual([one, two, far].sort((x, y) => (x.agentId + x.name < y.agentId + y.name ? -1 : 1)));
    expect(await context.store.findDefinitions([])).toEqual([]);
  });

  it("refuses to look for too many definitions at once", async () => {
    const keys = Array.from({ length: DEFINITION_KEYS_MAX + 1 }, () => ({ agentId: ids.uuid<AgentId>(), name: "a" }));
    await expect(context.store.findDefinitions(keys)).rejects.toMatchObject({ code: "limit_exceeded" });
    expect(await context.store.findDefinitions(keys.slice(1))).toEqual([]);
  });

  it("deletes once, and the name and the id are free again", async () => {
    const definition = await context.store.putDefinition(newDefinition());
    expect(await context.store.deleteDefinition(definition.agentId, definition.name)).toBe(true);
    expect(await context.store.deleteDefinition(definition.agentId, definition.name)).toBe(false);
    expect(await context.store.getDefinition(definition.agentId, definition.name)).toBeUndefined();
    expect(await context.store.putDefinition(definition)).toEqual(definition);
  });

  it("makes one row of concurrent puts under one name", async () => {
    const agentId = ids.uuid<AgentId>();
    const puts = Array.from({ length: 8 }, (_, index) => newDefinition({ agentId, displayName: `Put ${index}` }));
    const stored = await Promise.all(puts.map((definition) => context.store.putDefinition(definition)));
    expect(new Set(stored.map(({ id }) => id)).size).toBe(1);
    expect(stored.map(({ version }) => version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await context.store.listDefinitions(agentId)).map(({ version }) => version)).toEqual([8]);
  });

  it("refuses a definition beyond the agent's limit, but still replaces", { timeout: 120_000 }, async () => {
    const agentId = ids.uuid<AgentId>();
    await context.storage.transaction(context.tenantId, async (store) => {
      for (let n = 0; n < DEFINITIONS_PER_AGENT_MAX; n++)
        await store.putDefinition(newDefinition({ agentId, name: `f${n}` }));
    });
    const refused = context.store.putDefinition(newDefinition({ agentId, name: "one_more" }));
    await expect(refused).rejects.toMatchObject({ code: "limit_exceeded" });
    expect((await context.store.putDefinition(newDefinition({ agentId, name: "f7", isPii: true }))).version).toBe(2);
    await context.store.putDefinition(newDefinition({ name: "of_another_agent" }));
    expect(await context.store.listDefinitions(agentId)).toHaveLength(DEFINITIONS_PER_AGENT_MAX);
  });

  it("keeps nothing of a transaction that fails, and all of one that succeeds", async () => {
    const kept = await context.store.putDefinition(newDefinition());
    const failing = context.storage.transaction(context.tenantId, async (store) => {
      await store.putDefinition({ ...kept, displayName: "Changed" });
      await store.putDefinition(newDefinition({ agentId: kept.agentId, name: "fresh" }));
      expect(await store.listDefinitions(kept.agentId)).toHaveLength(2);
      throw new RangeError("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    expect(await context.store.listDefinitions(kept.agentId)).toEqual([kept]);
    await context.storage.transaction(context.tenantId, (store) => store.deleteDefinition(kept.agentId, kept.name));
    expect(await context.store.listDefinitions(kept.agentId)).toEqual([]);
  });

  it("hands out copies, and keeps one of what it is given", async () => {
    const given = newDefinition({ verificationMethods: ["otp"] });
    await context.store.putDefinition(given);
    (given.verificationMethods as string[]).push("document");
    const read = await context.store.getDefinition(given.agentId, given.name);
    expect(read?.verificationMethods).toEqual(["otp"]);
    tryToChange(read);
    expect((await context.store.getDefinition(given.agentId, given.name))?.verificationMethods).toEqual(["otp"]);
  });
}

/** Records are frozen by one engine and private copies in another. */
function tryToChange(definition: FieldDefinition | undefined): void {
  try {
    (definition?.verificationMethods as string[]).push("document");
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
  }
}

function newRequirement(over: Partial<FieldRequirement> = {}): FieldRequirement {
  return {
    id: ids.uuid(),
    agentId: AGENT,
    scenarioId: ids.uuid<ScenarioId>(),
    stepId: null,
    ruleId: null,
    fieldName: "legal_name",
    requiredLevel: "hard",
    fallbackAction: "ask",
    whenCondition: null,
    dependsOnFields: [],
    collectionOrder: 0,
    needsHumanReview: false,
    extractionConfidence: 1,
    origin: "manual",
    createdAt: NOW,
    updatedAt: NOW,
    ...over,
  };
}

const AGENT = ids.uuid<AgentId>();

function requirementContract(context: ContractContext): void {
  it("returns what was put, every member of it", async () => {
    const plain = newRequirement();
    const full = newRequirement({
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
    const first = await context.store.putRequirement(newRequirement());
    const next = {
      ...newRequirement({ ...first, id: ids.uuid(), collectionOrder: 9 }),
      createdAt: LATER,
      updatedAt: LATER,
    };
    const expected = { ...next, id: first.id, createdAt: NOW };
    expect(await context.store.putRequirement(next)).toEqual(expected);
    expect(await context.store.listRequirements(scenarioOf(first), { kind: "all" })).toEqual([expected]);
    const later = "2027-01-01T00:00:00.000Z" as Instant;
    expect(await context.store.putRequirement({ ...next, updatedAt: later })).toEqual(expected);
  });

  it("takes each part of the key into account, and unset parts as equal", async () => {
    const base = newRequirement();
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
    const alone = newRequirement({ scenarioId: null, ruleId, fieldName: "b" });
    const first = newRequirement({ scenarioId: null, ruleId, fieldName: "a" });
    const inScenario = newRequirement({ ruleId });
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
    const { scenarioId } = newRequirement();
    const stepId = ids.uuid<StepId>();
    const rows = [
      newRequirement({ scenarioId, fieldName: "b", collectionOrder: 1 }),
      newRequirement({ scenarioId, fieldName: "a_c", collectionOrder: 1 }),
      newRequirement({ scenarioId, fieldName: "ab", collectionOrder: 1 }),
      newRequirement({ scenarioId, fieldName: "ab", collectionOrder: 1, stepId }),
      newRequirement({ scenarioId, fieldName: "z", collectionOrder: 0 }),
      newRequirement({ scenarioId, fieldName: "y", collectionOrder: 10 }),
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
    const { id, scenarioId } = await context.store.putRequirement(newRequirement());
    const clash = newRequirement({ id, scenarioId, fieldName: "other" });
    await expect(context.store.putRequirement(clash)).rejects.toMatchObject({ code: "item_exists" });
    expect(await context.store.listRequirements(scenarioId as ScenarioId, { kind: "all" })).toHaveLength(1);
  });

  it("refuses a requirement beyond the limit of its scenario or rule, but still replaces", async () => {
    const { scenarioId } = newRequirement();
    const list = manyRequirements(scenarioId as ScenarioId, REQUIREMENTS_PER_SCENARIO_MAX);
    await context.store.replaceRequirements(scenarioId as ScenarioId, { kind: "all" }, list);
    const more = newRequirement({ scenarioId, fieldName: "one_more" });
    await expect(context.store.putRequirement(more)).rejects.toMatchObject({ code: "limit_exceeded" });
    const changed = newRequirement({ scenarioId, fieldName: "f7", collectionOrder: 5 });
    expect((await context.store.putRequirement(changed)).collectionOrder).toBe(5);
    const rule = newRequirement({ scenarioId: null, ruleId: ids.uuid() });
    expect(await context.store.putRequirement(rule)).toEqual(rule);
  });
}

function scenarioOf(requirement: FieldRequirement): ScenarioId {
  return requirement.scenarioId as ScenarioId;
}

function manyRequirements(scenarioId: ScenarioId, count: number): FieldRequirement[] {
  return Array.from({ length: count }, (_, index) =>
    newRequirement({ scenarioId, fieldName: `f${index}`, collectionOrder: index }),
  );
}

async function threePlaces(store: SchemaStore) {
  const scenarioId = ids.uuid<ScenarioId>();
  const [one, two] = [ids.uuid<StepId>(), ids.uuid<StepId>()];
  await store.putRequirement(newRequirement({ scenarioId, stepId: one, fieldName: "at_one" }));
  await store.putRequirement(newRequirement({ scenarioId, stepId: two, fieldName: "at_two" }));
  const wide = await store.putRequirement(newRequirement({ scenarioId, fieldName: "wide" }));
  return { scenarioId, one, two, wide };
}

function replacementContract(context: ContractContext): void {
  it("makes the list the whole content, keeping the rows whose keys stay", async () => {
    const { scenarioId, one, wide } = await threePlaces(context.store);
    const kept = newRequirement({
      scenarioId,
      fieldName: "wide",
      collectionOrder: 1,
      createdAt: LATER,
      updatedAt: LATER,
    });
    const fresh = newRequirement({ scenarioId, stepId: one, fieldName: "fresh" });
    const expected = [fresh, { ...kept, id: wide.id, createdAt: NOW }];
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
    const atOne = newRequirement({ scenarioId, stepId: one, fieldName: "new_at_one" });
    await context.store.replaceRequirements(scenarioId, { kind: "step", stepId: one }, [atOne]);
    expect(await names(context.store, scenarioId)).toEqual(["at_two", "new_at_one", "wide"]);
    await context.store.replaceRequirements(scenarioId, { kind: "scenario" }, []);
    expect(await names(context.store, scenarioId)).toEqual(["at_two", "new_at_one"]);
    await context.store.replaceRequirements(scenarioId, { kind: "all" }, []);
    expect(await names(context.store, scenarioId)).toEqual([]);
  });

  it("leaves other scenarios and rules alone", async () => {
    const [mine, theirs] = [await threePlaces(context.store), await threePlaces(context.store)];
    const rule = await context.store.putRequirement(newRequirement({ scenarioId: null, ruleId: ids.uuid() }));
    await context.store.replaceRequirements(mine.scenarioId, { kind: "all" }, []);
    expect(await names(context.store, theirs.scenarioId)).toEqual(["at_one", "at_two", "wide"]);
    expect(await context.store.listRuleRequirements(rule.ruleId as string)).toEqual([rule]);
  });

  it("refuses a list that lies outside the scope or repeats a key, and changes nothing", async () => {
    const { scenarioId, one, two } = await threePlaces(context.store);
    const wide = newRequirement({ scenarioId });
    const cases: [RequirementScope, FieldRequirement[]][] = [
      [{ kind: "all" }, [newRequirement()]],
      [{ kind: "scenario" }, [newRequirement({ scenarioId, stepId: one })]],
      [{ kind: "step", stepId: one }, [newRequirement({ scenarioId, stepId: two })]],
      [{ kind: "step", stepId: one }, [wide]],
      [{ kind: "all" }, [wide, newRequirement({ scenarioId, collectionOrder: 4 })]],
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
    const elsewhere = await context.store.putRequirement(newRequirement());
    const list = [newRequirement({ scenarioId, fieldName: "a" }), newRequirement({ scenarioId, id: elsewhere.id })];
    const replacing = context.store.replaceRequirements(scenarioId, { kind: "all" }, list);
    await expect(replacing).rejects.toMatchObject({ code: "item_exists" });
    expect(await names(context.store, scenarioId)).toEqual(["at_one", "at_two", "wide"]);
  });

  it("lets the last of concurrent replacements stand as a whole", async () => {
    const scenarioId = ids.uuid<ScenarioId>();
    const lists = Array.from({ length: 6 }, (_, list) =>
      ["a", "b", "c"].map((name) => newRequirement({ scenarioId, fieldName: `${name}${list}` })),
    );
    await Promise.all(lists.map((list) => context.store.replaceRequirements(scenarioId, { kind: "all" }, list)));
    const standing = await names(context.store, scenarioId);
    expect(lists.map((list) => list.map(({ fieldName }) => fieldName))).toContainEqual(standing);
  });

  it("belongs to the transaction it is called in", async () => {
    const { scenarioId } = await threePlaces(context.store);
    const failing = context.storage.transaction(context.tenantId, async (store) => {
      await store.replaceRequirements(scenarioId, { kind: "all" }, [newRequirement({ scenarioId, fieldName: "x" })]);
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

function agentSettingsContract(context: ContractContext): void {
  it("returns what was put last, and nothing for an unknown agent", async () => {
    const agentId = ids.uuid<AgentId>();
    expect(await context.store.getAgentSettings(agentId)).toBeUndefined();
    for (const validationMode of ["strict", "warn", "disabled", null] as const) {
      await context.store.putAgentSettings({ agentId, validationMode, updatedAt: LATER });
      expect(await context.store.getAgentSettings(agentId)).toEqual({ agentId, validationMode, updatedAt: LATER });
    }
  });
}

function adversaryContract(context: ContractContext): void {
  it("neither sees, changes nor deletes definitions, and may use the same ids and names", async () => {
    const { store, other } = context;
    const mine = await store.putDefinition(newDefinition());
    expect(await other.getDefinition(mine.agentId, mine.name)).toBeUndefined();
    expect(await other.listDefinitions(mine.agentId, { enabledOnly: false })).toEqual([]);
    expect(await other.findDefinitions([mine])).toEqual([]);
    expect(await other.deleteDefinition(mine.agentId, mine.name)).toBe(false);
    const theirs = { ...mine, displayName: "Theirs" };
    expect(await other.putDefinition(theirs)).toEqual(theirs);
    expect(await store.getDefinition(mine.agentId, mine.name)).toEqual(mine);
  });

  it("neither sees, changes nor deletes requirements, and may use the same ids and keys", async () => {
    const { store, other } = context;
    const mine = await store.putRequirement(newRequirement({ ruleId: ids.uuid() }));
    const rule = await store.putRequirement(newRequirement({ scenarioId: null, ruleId: ids.uuid() }));
    const scenarioId = scenarioOf(mine);
    expect(await other.listRequirements(scenarioId, { kind: "all" })).toEqual([]);
    expect(await other.listRuleRequirements(rule.ruleId as string)).toEqual([]);
    expect(await other.deleteRequirements(scenarioId, { kind: "all" })).toBe(0);
    expect(await other.deleteRuleRequirements(rule.ruleId as string)).toBe(0);
    expect(await other.replaceRequirements(scenarioId, { kind: "all" }, [])).toEqual([]);
    const theirs = { ...mine, collectionOrder: 8 };
    expect(await other.putRequirement(theirs)).toEqual(theirs);
    expect(await other.replaceRequirements(scenarioId, { kind: "all" }, [theirs])).toEqual([theirs]);
    expect(await store.listRequirements(scenarioId, { kind: "all" })).toEqual([mine]);
    expect(await store.listRuleRequirements(rule.ruleId as string)).toEqual([rule]);
  });

  it("neither sees nor changes an agent's settings", async () => {
    const settings = { agentId: ids.uuid<AgentId>(), validationMode: "strict", updatedAt: NOW } as const;
    await context.store.putAgentSettings(settings);
    expect(await context.other.getAgentSettings(settings.agentId)).toBeUndefined();
    await context.other.putAgentSettings({ ...settings, validationMode: null });
    expect(await context.store.getAgentSettings(settings.agentId)).toEqual(settings);
  });
}
