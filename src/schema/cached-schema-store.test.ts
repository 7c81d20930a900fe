import { beforeEach, describe, expect, it } from "vitest";
import { type AgentId, type ScenarioId, UuidV7Generator } from "../identifiers.ts";
import { type CachedProfiles, openCachedProfiles } from "../testing/cached-profiles.ts";
import { freshDefinition, freshRequirement } from "../testing/schema-records.ts";
import type { FieldDefinition } from "./field-definition.ts";

const ids = new UuidV7Generator();
const HOUR_MS = 3_600_000;
const HOLD = { kind: "hold", when: "after" } as const;

describe("cached definitions and requirements", () => {
  let world: CachedProfiles;
  let definition: FieldDefinition;
  let agentId: AgentId;
  const scenarioId = ids.uuid<ScenarioId>();

  beforeEach(async () => {
    world = await openCachedProfiles();
    definition = await world.tenant.schema.putDefinition(freshDefinition());
    ({ agentId } = definition);
  });

  const callsOf = async (work: () => Promise<unknown>) => (await world.readsOf(work)).calls;
  const list = (enabledOnly = true) => world.tenant.schema.listDefinitions(agentId, { enabledOnly });
  const requirements = () => world.tenant.schema.listRequirements(scenarioId, { kind: "all" });

  it("are read once, whatever part of them is asked for", async () => {
    const { schema } = world.tenant;
    expect(await callsOf(() => list())).toEqual(["listDefinitions"]);
    expect(await callsOf(() => list(false))).toEqual([]);
    expect(await callsOf(() => schema.getDefinition(agentId, definition.name))).toEqual([]);
    expect(await callsOf(() => schema.getDefinition(agentId, "nothing"))).toEqual([]);
    expect(await callsOf(requirements)).toEqual(["listRequirements"]);
    const stepId = ids.uuid<never>();
    expect(await callsOf(() => schema.listRequirements(scenarioId, { kind: "effective", stepId }))).toEqual([]);
  });

  it("hold the disabled ones, as the database does", async () => {
    const { schema } = world.tenant;
    await list();
    const disabled = await schema.putDefinition({ ...definition, enabled: false });
    expect(await list()).toEqual([]);
    expect(await list(false)).toEqual([disabled]);
    expect(await schema.getDefinition(agentId, definition.name)).toEqual(disabled);
  });

  it("are kept also when there are none", async () => {
    const nobody = ids.uuid<AgentId>();
    const ask = () => world.tenant.schema.listDefinitions(nobody);
    expect(await ask()).toEqual([]);
    expect(await callsOf(ask)).toEqual([]);
    expect(await requirements()).toEqual([]);
    expect(await callsOf(requirements)).toEqual([]);
  });

  it("are read again after an hour, and not before", async () => {
    await list();
    await requirements();
    await world.direct.schema.deleteDefinition(agentId, definition.name);
    await world.direct.schema.putRequirement(freshRequirement({ scenarioId }));
    world.advance(HOUR_MS - 1);
    expect([await list(), await requirements()]).toEqual([[definition], []]);
    world.advance(1);
    expect([(await list()).length, (await requirements()).length]).toEqual([0, 1]);
  });

  it("are fresh after each write", async () => {
    const { schema } = world.tenant;
    const expectFresh = async () => {
      expect(await list(false)).toEqual(await world.direct.schema.listDefinitions(agentId, { enabledOnly: false }));
      expect(await requirements()).toEqual(await world.direct.schema.listRequirements(scenarioId, { kind: "all" }));
    };
    const requirement = freshRequirement({ scenarioId });
    const writes: (() => Promise<unknown>)[] = [
      () => schema.putDefinition({ ...definition, displayName: "Other" }),
      () => schema.putDefinition(freshDefinition({ agentId, name: "more" })),
      () => schema.deleteDefinition(agentId, "more"),
      () => schema.putRequirement(requirement),
      () => schema.replaceRequirements(scenarioId, { kind: "all" }, [freshRequirement({ scenarioId, fieldName: "b" })]),
      () => schema.deleteRequirements(scenarioId, { kind: "all" }),
      () => world.tenant.transaction((stores) => stores.schema.putRequirement(requirement)),
    ];
    for (const write of writes) {
      await expectFresh();
      await write();
      await expectFresh();
    }
    const rolledBack = world.tenant.transaction(async (stores) => {
      await stores.schema.deleteDefinition(agentId, definition.name);
      expect(await stores.schema.listDefinitions(agentId)).toEqual([]);
      expect(await list()).toHaveLength(1);
      throw new Error("changed my mind");
    });
    await expect(rolledBack).rejects.toThrow("changed my mind");
    await expectFresh();
    expect(new Set(world.seen.invalidations)).toEqual(new Set(["definition", "requirement"]));
  });

  it("that were being read while they changed are not kept", async () => {
    world.database.inject({ fault: HOLD, methods: ["listDefinitions"], times: 1 });
    const start = world.database.calls.length;
    const slow = list();
    while (world.database.calls.length === start) await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await world.tenant.schema.deleteDefinition(agentId, definition.name);
    expect(await list()).toEqual([]);
    world.database.release();
    await slow;
    expect(await list()).toEqual([]);
  });

  it("are another tenant's own", async () => {
    await list();
    expect(await world.other.schema.listDefinitions(agentId)).toEqual([]);
    await world.other.schema.putDefinition({ ...definition, displayName: "Theirs" });
    expect(await list()).toEqual([definition]);
    expect(await callsOf(() => list())).toEqual([]);
  });

  it("are read anew after an entry that says nothing of today", async () => {
    for (const entry of [null, 1, {}, { format: 0, items: [] }, { format: 1, items: "none" }]) {
      await world.cache.cache.set(`${world.tenant.tenantId}:definitions:${agentId}:v1`, entry);
      expect(await list()).toEqual([definition]);
    }
  });
});
