import { describe, expect, it } from "vitest";
import type { AgentId, CustomerId, ItemId, ScenarioId, StepId } from "../identifiers.ts";
import { newLifecycle } from "../profiles/item.ts";
import type { GapContext, WriteContext, WriteContextQuery } from "../profiles/profile-store.ts";
import type { FieldDefinition } from "../schema/field-definition.ts";
import type { FieldRequirement, RequirementSelector } from "../schema/requirement.ts";
import type { ContractContext } from "./engine.ts";
import { at, NOW, newId, readAsset, readField } from "./profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteCustomer,
  deleteItem,
  requireCustomer,
  supersede,
} from "./profile-writes.ts";
import { fieldDefinition, fieldRequirement } from "./schema-records.ts";

/** What writes and gap checks are planned from. */
export function profileContextsContract(context: ContractContext): void {
  describe("loadWriteContext", () => writeContextContract(context));
  describe("loadGapContext", () => gapContextContract(context));
  describe("getWrappedKeys", () => wrappedKeysContract(context));
}

const EXPIRED = { ...newLifecycle(NOW), status: "expired", expiredAt: at(1), endedAt: at(1) } as const;
const ORPHANED = { ...newLifecycle(NOW), status: "orphaned", orphanedAt: at(1), endedAt: at(1) } as const;

function writeContextContract(context: ContractContext): void {
  const load = (customerId: CustomerId, query: Partial<WriteContextQuery> = {}): Promise<WriteContext | undefined> =>
    context.tenant.profiles.loadWriteContext({
      customerId,
      agentId: null,
      names: [],
      assetNames: [],
      itemIds: [],
      lock: false,
      ...query,
    });

  async function define(over: Partial<FieldDefinition>): Promise<FieldDefinition> {
    return context.tenant.schema.putDefinition(fieldDefinition({ id: newId(), ...over }));
  }

  it("is the customer alone when nothing else is asked for", async () => {
    const customer = await createCustomer(context.tenant, { externalId: "x", wrappedKey: "a2V5" });
    await define({ name: "city" });
    expect(await load(customer.customerId)).toStrictEqual({
      customer,
      tenantMode: null,
      agentMode: null,
      definitions: [],
      piiNames: [],
      currentFields: [],
      currentAssets: [],
      items: [],
    });
  });

  it("finds merged customers, and neither deleted nor unknown ones, locked or not", async () => {
    const { tenant } = context;
    const survivor = await createCustomer(tenant);
    const merged = await createCustomer(tenant, { mergedIntoId: survivor.customerId });
    const deleted = await createCustomer(tenant);
    await deleteCustomer(tenant, deleted.customerId);
    for (const lock of [false, true]) {
      expect((await load(merged.customerId, { lock }))?.customer).toEqual(merged);
      expect(await load(deleted.customerId, { lock })).toBeUndefined();
      expect(await load(newId(), { lock })).toBeUndefined();
    }
  });

  it("knows the validation modes of the tenant and of the agent", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const [agentId, other] = [newId<AgentId>(), newId<AgentId>()];
    await tenant.tenants.update({ validationMode: "strict" }, NOW);
    await tenant.schema.putAgentSettings({ agentId, validationMode: "disabled", updatedAt: NOW });
    expect(await load(customerId, { agentId })).toMatchObject({ tenantMode: "strict", agentMode: "disabled" });
    for (const stranger of [other, null]) {
      expect(await load(customerId, { agentId: stranger })).toMatchObject({ tenantMode: "strict", agentMode: null });
    }
    const inside = tenant.profiles.transaction((store) =>
      store.loadWriteContext({ customerId, agentId, names: [], assetNames: [], itemIds: [], lock: true }),
    );
    expect(await inside).toMatchObject({ tenantMode: "strict", agentMode: "disabled" });
  });

  it("has the agent's definitions of the names, in any state, and the names that any agent calls personal", async () => {
    const { customerId } = await createCustomer(context.tenant);
    const [agentId, other] = [newId<AgentId>(), newId<AgentId>()];
    const own = [
      await define({ agentId, name: "city", enabled: false, allowedValues: ["Lyon"], validationRegex: "[A-Z].*" }),
      await define({
        agentId,
        name: "email",
        suggestionState: "rejected",
        valueType: "email",
        isPii: true,
        retentionDays: 3,
      }),
    ];
    await define({ agentId, name: "other", isPii: true });
    await define({ agentId: other, name: "city", isPii: true });
    await define({ agentId: other, name: "email", isPii: true });
    await define({ agentId: other, name: "pet" });
    const names = ["email", "city", "pet", "city", "unknown"];
    const found = await load(customerId, { agentId, names });
    expect(found?.definitions.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toStrictEqual(own);
    expect([...(found?.piiNames ?? [])].sort()).toEqual(["city", "email"]);
    expect(await load(customerId, { agentId: null, names })).toMatchObject({ definitions: [] });
  });

  it("has the versions of the names that are neither superseded nor deleted, newest first", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const expired = await addField(tenant, customerId, { ...EXPIRED, collectedAt: at(5) });
    const orphaned = await addField(tenant, customerId, { ...ORPHANED, collectedAt: at(5) });
    const active = await supersede(tenant, await addField(tenant, customerId), { collectedAt: at(1) });
    await addField(tenant, customerId, { name: "other" });
    const deleted = await addField(tenant, customerId, { name: "gone" });
    await deleteItem(tenant, deleted);
    const found = await load(customerId, { names: ["city", "gone", "unknown", "constructor"] });
    expect(found?.currentFields).toStrictEqual([orphaned, expired, active].map(readField));
  });

  it("has the assets of the names that are neither superseded nor deleted, newest first", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const expired = await addAsset(tenant, customerId, { ...EXPIRED, uploadedAt: at(5) });
    const [first, second] = [await addAsset(tenant, customerId), await addAsset(tenant, customerId)];
    await addAsset(tenant, customerId, { name: "other" });
    await deleteItem(tenant, await addAsset(tenant, customerId));
    const found = await load(customerId, { assetNames: ["id_card"], names: ["other"] });
    expect(found?.currentAssets).toStrictEqual([expired, second, first].map(readAsset));
  });

  it("tells which items exist, of any customer, tombstones included", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const field = await addField(tenant, rival.customerId);
    const asset = await addAsset(tenant, customerId);
    const deleted = await addAsset(tenant, customerId);
    await deleteItem(tenant, deleted);
    await deleteCustomer(tenant, rival.customerId);
    const itemIds = [field.id, asset.id, deleted.id, asset.id, newId<ItemId>(), customerId as string as ItemId];
    const found = await load(customerId, { itemIds });
    expect(found?.items.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toStrictEqual([
      { id: field.id, customerId: rival.customerId, kind: "profile_field", deleted: false },
      { id: asset.id, customerId, kind: "profile_asset", deleted: false },
      { id: deleted.id, customerId, kind: "profile_asset", deleted: true },
    ]);
  });

  it("hands out copies", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    await addField(tenant, customerId);
    const read = await load(customerId, { names: ["city"] });
    (read as unknown as { currentFields: unknown[] }).currentFields.length = 0;
    expect((await load(customerId, { names: ["city"] }))?.currentFields).toHaveLength(1);
  });
}

function gapContextContract(context: ContractContext): void {
  const scenarioId = newId<ScenarioId>();
  const agentId = newId<AgentId>();

  const load = (
    customerId: CustomerId,
    selector: RequirementSelector = { kind: "all" },
  ): Promise<GapContext | undefined> => context.tenant.profiles.loadGapContext(customerId, scenarioId, selector);

  async function require(over: Partial<FieldRequirement>): Promise<FieldRequirement> {
    return context.tenant.schema.putRequirement(fieldRequirement({ id: newId(), scenarioId, agentId, ...over }));
  }

  it("is the customer and its active fields when nothing is required", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const [b, a] = [
      await addField(tenant, customerId, { name: "b" }),
      await addField(tenant, customerId, { name: "a" }),
    ];
    await addField(tenant, customerId, { ...EXPIRED, name: "c" });
    expect(await load(customerId)).toStrictEqual({
      customer: await requireCustomer(tenant.profiles, customerId),
      requirements: [],
      definitions: [],
      fields: [a, b].map(readField),
    });
  });

  it("finds merged customers, and neither deleted nor unknown ones", async () => {
    const { tenant } = context;
    const survivor = await createCustomer(tenant);
    const merged = await createCustomer(tenant, { mergedIntoId: survivor.customerId });
    const deleted = await createCustomer(tenant);
    await deleteCustomer(tenant, deleted.customerId);
    expect((await load(merged.customerId))?.customer).toEqual(merged);
    expect(await load(deleted.customerId)).toBeUndefined();
    expect(await load(newId())).toBeUndefined();
  });

  it("selects the requirements that the part of the scenario asks for, in collection order", async () => {
    const { customerId } = await createCustomer(context.tenant);
    const [one, two] = [newId<StepId>(), newId<StepId>()];
    const last = await require({ fieldName: "a", collectionOrder: 9 });
    const first = await require({ fieldName: "b", collectionOrder: 1 });
    const ofOne = await require({ fieldName: "c", collectionOrder: 5, stepId: one });
    const ofTwo = await require({ fieldName: "a", collectionOrder: 5, stepId: two });
    await require({ fieldName: "z", scenarioId: newId() });
    const selected = async (selector: RequirementSelector) => (await load(customerId, selector))?.requirements;
    expect(await selected({ kind: "all" })).toStrictEqual([first, ofTwo, ofOne, last]);
    expect(await selected({ kind: "scenario" })).toStrictEqual([first, last]);
    expect(await selected({ kind: "step", stepId: one })).toStrictEqual([ofOne]);
    expect(await selected({ kind: "effective", stepId: two })).toStrictEqual([first, ofTwo, last]);
    expect(await selected({ kind: "effective", stepId: null })).toStrictEqual([first, last]);
    expect(await selected({ kind: "effective", stepId: newId() })).toStrictEqual([first, last]);
  });

  it("has the definitions that the requirements' own agents have of the fields", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const other = newId<AgentId>();
    await require({ fieldName: "city" });
    await require({ fieldName: "email", agentId: other });
    const define = (over: Partial<FieldDefinition>) =>
      tenant.schema.putDefinition(fieldDefinition({ id: newId(), ...over }));
    const city = await define({ agentId, name: "city", enabled: false, freshnessSeconds: 60 });
    const email = await define({ agentId: other, name: "email", suggestionState: "suggested" });
    await define({ agentId: other, name: "city" });
    await define({ agentId, name: "email" });
    await define({ agentId, name: "pet" });
    const found = await load(customerId);
    expect(found?.definitions.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toStrictEqual([city, email]);
  });

  it("has of required fields without an active version the newest one that was not deleted", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    for (const fieldName of ["lapsed", "active", "deleted", "absent"]) await require({ fieldName });
    await addField(tenant, customerId, { ...EXPIRED, name: "lapsed", collectedAt: at(1) });
    const lapsed = await addField(tenant, customerId, { ...ORPHANED, name: "lapsed", collectedAt: at(3) });
    await addField(tenant, customerId, { ...EXPIRED, name: "lapsed", collectedAt: at(2) });
    await addField(tenant, customerId, { ...EXPIRED, name: "active", collectedAt: at(9) });
    const active = await addField(tenant, customerId, { name: "active" });
    await deleteItem(tenant, await addField(tenant, customerId, { name: "deleted" }));
    const before = await addField(tenant, customerId, { ...EXPIRED, name: "deleted", collectedAt: at(-9) });
    await addField(tenant, customerId, { ...EXPIRED, name: "not_required" });
    const free = await addField(tenant, customerId, { name: "unrequired" });
    expect((await load(customerId))?.fields).toStrictEqual([active, before, lapsed, free].map(readField));
  });
}

function wrappedKeysContract(context: ContractContext): void {
  it("has the keys of live, merged and deleted customers, and of no others", async () => {
    const { tenant } = context;
    const live = await createCustomer(tenant, { wrappedKey: "live" });
    const merged = await createCustomer(tenant, { wrappedKey: "merged", mergedIntoId: live.customerId });
    const deleted = await createCustomer(tenant, { wrappedKey: "deleted" });
    await deleteCustomer(tenant, deleted.customerId);
    const keyless = await createCustomer(tenant);
    const ids = [live, merged, deleted, keyless, live].map(({ customerId }) => customerId);
    const keys = await tenant.profiles.getWrappedKeys([...ids, newId()]);
    expect(Object.fromEntries(keys)).toEqual({
      [live.customerId]: "live",
      [merged.customerId]: "merged",
      [deleted.customerId]: "deleted",
    });
    expect((await tenant.profiles.getWrappedKeys([])).size).toBe(0);
  });

  it("has the key that a change of the customer brought", async () => {
    const { tenant } = context;
    const customer = await createCustomer(tenant);
    await change(tenant, customer.customerId, { customer: { ...customer, wrappedKey: "new", version: 2 } });
    expect([...(await tenant.profiles.getWrappedKeys([customer.customerId])).values()]).toEqual(["new"]);
  });
}
