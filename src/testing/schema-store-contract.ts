import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import { type AgentId, UuidV7Generator } from "../identifiers.ts";
import { definitionContract } from "./definition-store-contract.ts";
import { replacementContract } from "./requirement-replacement-contract.ts";
import { requirementContract, scenarioOf } from "./requirement-store-contract.ts";
import { freshDefinition, freshRequirement, SCHEMA_NOW } from "./schema-records.ts";
import type { SchemaContext, SchemaStorage } from "./schema-storage.ts";

const LATER = "2026-03-04T09:30:00.120Z" as Instant;
const ids = new UuidV7Generator();

/** What a `SchemaStore` must do. Every test has a tenant of its own and another one as adversary. */
export function schemaStoreContract(engine: string, open: () => Promise<SchemaStorage>): void {
  describe(`schema store on ${engine}`, () => {
    const context = {} as SchemaContext;

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

function agentSettingsContract(context: SchemaContext): void {
  it("returns what was put last, and nothing for an unknown agent", async () => {
    const agentId = ids.uuid<AgentId>();
    expect(await context.store.getAgentSettings(agentId)).toBeUndefined();
    for (const validationMode of ["strict", "warn", "disabled", null] as const) {
      await context.store.putAgentSettings({ agentId, validationMode, updatedAt: LATER });
      expect(await context.store.getAgentSettings(agentId)).toEqual({ agentId, validationMode, updatedAt: LATER });
    }
  });
}

function adversaryContract(context: SchemaContext): void {
  it("neither sees, changes nor deletes definitions, and may use the same ids and names", async () => {
    const { store, other } = context;
    const mine = await store.putDefinition(freshDefinition());
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
    const mine = await store.putRequirement(freshRequirement({ ruleId: ids.uuid() }));
    const rule = await store.putRequirement(freshRequirement({ scenarioId: null, ruleId: ids.uuid() }));
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
    const settings = { agentId: ids.uuid<AgentId>(), validationMode: "strict", updatedAt: SCHEMA_NOW } as const;
    await context.store.putAgentSettings(settings);
    expect(await context.other.getAgentSettings(settings.agentId)).toBeUndefined();
    await context.other.putAgentSettings({ ...settings, validationMode: null });
    expect(await context.store.getAgentSettings(settings.agentId)).toEqual(settings);
  });
}
