import { expect, it } from "vitest";
import type { CustomerId } from "../identifiers.ts";
import type { MergeChange, MergeRecord } from "../profiles/change-set.ts";
import { planMerge } from "../profiles/plan-merge.ts";
import { planUndo } from "../profiles/plan-merge-undo.ts";
import { SYSTEM_CONTEXT } from "../tenants/actor.ts";
import type { ContractContext } from "./engine.ts";
import { at, newConsent, newId, newIdentity } from "./profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteCustomer,
  journalOf,
  requireProfile,
} from "./profile-writes.ts";
import { seededIds } from "./seeded-ids.ts";

/** What a store does with the changes that merges are planned as, and with their records. */
export function mergeStoreContract(context: ContractContext): void {
  const useCase = { clock: { now: () => at(100) }, ids: seededIds(11), call: SYSTEM_CONTEXT };

  async function plan(target: CustomerId, source: CustomerId, when = at(100)) {
    const { profiles } = context.tenant;
    const [from, into] = [await requireProfile(profiles, source), await requireProfile(profiles, target)];
    return planMerge(from, into, { ...useCase, clock: { now: () => when } });
  }

  async function planUndoOf(record: MergeRecord): Promise<MergeChange> {
    const { profiles } = context.tenant;
    const { customer } = await requireProfile(profiles, record.sourceCustomerId);
    const survivor = await requireProfile(profiles, record.targetCustomerId);
    return planUndo(record, customer, { survivor, useCase });
  }

  async function merge(target: CustomerId, source: CustomerId, when = at(100)): Promise<MergeRecord> {
    const { change: merging, record } = await plan(target, source, when);
    expect(await context.tenant.profiles.applyMerge(merging)).toBe("applied");
    return record;
  }

  async function customers(count: number): Promise<CustomerId[]> {
    const created = [];
    for (let index = 0; index < count; index++) {
      created.push((await createCustomer(context.tenant, {}, newIdentity(`+${newId()}`))).customerId);
    }
    return created;
  }

  it("keeps the record of a merge as it was made", async () => {
    const { tenant } = context;
    const [one, two] = (await customers(2)) as [CustomerId, CustomerId];
    await addField(tenant, one);
    await addField(tenant, two, { verified: true, metadata: { n: 1 } });
    await addAsset(tenant, two);
    await change(tenant, two, { insertConsents: [newConsent()] });
    const record = await merge(one, two);
    expect(await tenant.profiles.getMerge(record.mergeId)).toStrictEqual(record);
    expect((await journalOf(tenant)).at(-1)).toMatchObject({
      eventType: "customers_merged",
      subjectId: record.mergeId,
    });
    expect(await tenant.profiles.applyMerge(await planUndoOf(record))).toBe("applied");
    expect(await tenant.profiles.getMerge(record.mergeId)).toStrictEqual({ ...record, undoneAt: at(100) });
    expect(await tenant.profiles.getMerge(newId())).toBeUndefined();
  });

  it("lists the merges into a customer that stand, newest first", async () => {
    const { tenant } = context;
    const [one, two, three, four] = (await customers(4)) as [CustomerId, CustomerId, CustomerId, CustomerId];
    // The second cannot be older than the change of the survivor before it: it comes at the same instant as the first.
    const records = [await merge(one, two, at(300)), await merge(one, three, at(100)), await merge(one, four, at(400))];
    expect(records.map(({ mergedAt }) => mergedAt)).toEqual([at(300), at(300), at(400)]);
    const order = records.toSorted((a, b) => (a.mergedAt + a.mergeId < b.mergedAt + b.mergeId ? 1 : -1));
    expect(await tenant.profiles.listMergesInto(one)).toStrictEqual(order);
    expect(await tenant.profiles.applyMerge(await planUndoOf(records[1] as MergeRecord))).toBe("applied");
    expect(await tenant.profiles.listMergesInto(one)).toStrictEqual(order.filter((each) => each !== records[1]));
    expect(await tenant.profiles.listMergesInto(two)).toEqual([]);
    expect(await tenant.profiles.listMergesInto(newId())).toEqual([]);
  });

  it("is stale when either customer moved on or was deleted, and writes nothing then", async () => {
    const { tenant } = context;
    for (const moves of [
      async (target: CustomerId) => change(tenant, target, {}),
      async (_target: CustomerId, source: CustomerId) => change(tenant, source, {}),
      async (target: CustomerId) => deleteCustomer(tenant, target),
      async (_target: CustomerId, source: CustomerId) => deleteCustomer(tenant, source),
    ]) {
      const [target, source] = (await customers(2)) as [CustomerId, CustomerId];
      await addField(tenant, source);
      const { change: merging } = await plan(target, source);
      await moves(target, source);
      const before = await context.engine.probe.dump(tenant.tenantId);
      expect(await tenant.profiles.applyMerge(merging)).toBe("stale");
      expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
    }
  });

  it("is stale for a merge that was undone already, and writes nothing then", async () => {
    const { tenant } = context;
    const [one, two] = (await customers(2)) as [CustomerId, CustomerId];
    await addField(tenant, two);
    const record = await merge(one, two);
    const undo = await planUndoOf(record);
    expect(await tenant.profiles.applyMerge(undo)).toBe("applied");
    // The undo set the versions back, so that after a second merge the versions are those it was planned for.
    const again = await merge(one, two);
    const before = await context.engine.probe.dump(tenant.tenantId);
    const late = { ...undo, audit: [] };
    expect(await tenant.profiles.applyMerge(late)).toBe("stale");
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
    expect(await tenant.profiles.listMergesInto(one)).toStrictEqual([again]);
  });

  it("moves nothing that is not the giver's", async () => {
    const { tenant } = context;
    const [one, two, three] = (await customers(3)) as [CustomerId, CustomerId, CustomerId];
    const consent = newConsent();
    const field = await addField(tenant, three, { name: "foreign" });
    const asset = await addAsset(tenant, three);
    await change(tenant, three, { insertConsents: [consent] });
    const before = await requireProfile(tenant.profiles, three);
    const { change: merging } = await plan(one, two);
    const { customerId: _, ...lifecycle } = field;
    const stretched = {
      ...merging,
      moveFields: [{ ...lifecycle, id: field.id }],
      moveAssets: [{ ...lifecycle, id: asset.id }],
      moveIdentities: before.identities.map((each) => ({ ...each, primary: true })),
      updateIdentities: before.identities.map((each) => ({ ...each, verified: true })),
      moveConsents: [consent.id],
    };
    expect(await tenant.profiles.applyMerge(stretched)).toBe("applied");
    expect(await requireProfile(tenant.profiles, three)).toEqual(before);
  });
}
