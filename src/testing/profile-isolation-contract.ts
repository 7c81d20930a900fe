import { expect, it } from "vitest";
import type { ItemId, ScenarioId } from "../identifiers.ts";
import type { MergeChange, MergeRecord } from "../profiles/change-set.ts";
import type { CustomerRecord } from "../profiles/customer.ts";
import { planMerge } from "../profiles/plan-merge.ts";
import type { LifecyclePass, ProfileStore } from "../profiles/profile-store.ts";
import { SYSTEM_CONTEXT } from "../tenants/actor.ts";
import type { ContractContext, TenantUnderTest } from "./engine.ts";
import {
  at,
  changeSet,
  itemSource,
  NOW,
  newAsset,
  newConsent,
  newCustomer,
  newEvent,
  newField,
  newId,
  newIdentity,
} from "./profile-records.ts";
import { addField, change, createCustomer, ended, journalOf, requireProfile } from "./profile-writes.ts";
import { seededIds } from "./seeded-ids.ts";

/** Everything of the first tenant that a call can name. */
interface Loot {
  readonly survivor: CustomerRecord;
  readonly merged: CustomerRecord;
  readonly live: CustomerRecord;
  readonly merge: MergeRecord;
  readonly mergeChange: MergeChange;
  readonly fieldId: ItemId;
  readonly assetId: ItemId;
  readonly childId: ItemId;
}

/** A second tenant with the first one's ids sees nothing of it and changes nothing, whatever it calls. */
export function profileIsolationContract(context: ContractContext): void {
  it("every method takes another tenant's ids for unknown ones", async () => {
    const { tenant, other } = context;
    const loot = await plant(tenant);
    const before = await context.engine.probe.dump(tenant.tenantId);
    const raids = raidsOn(other.profiles, loot);
    for (const raid of Object.values(raids)) await raid();
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
    expect(await journalOf(other)).toEqual([]);
    expect((await other.profiles.listCustomers({}, { limit: 100 })).items).toEqual([]);
    expect(Object.keys(raids).sort()).toEqual(methodsOf(other.profiles));
  });

  it("two tenants may use the same ids and keys", async () => {
    const tenants = [context.tenant, context.other];
    const customer = newCustomer({ externalId: "same", wrappedKey: "same" });
    const { customerId } = customer;
    const field = newField(customerId, { value: "same" });
    const asset = newAsset(customerId);
    const child = newField(customerId, { name: "child", sources: [itemSource(asset)] });
    const [identity, consent, event] = [newIdentity("same"), newConsent(), newEvent()];
    for (const { profiles } of tenants) {
      expect(await profiles.createCustomer({ customer, identity, audit: [event] })).toBe("created");
      const parts = { insertFields: [field, child], insertAssets: [asset], insertConsents: [consent], audit: [] };
      expect(await profiles.apply(changeSet(customer, parts))).toBe("applied");
    }
    const [one, two] = await Promise.all(tenants.map(({ profiles }) => requireProfile(profiles, customerId)));
    expect(one).toEqual(two);
    await change(context.tenant, customerId, {
      endFields: [ended(field, field.id)],
      endAssets: [
        { ...ended(asset, asset.id), status: "active", supersededAt: null, supersededById: null, deletedAt: at(1) },
      ],
    });
    await context.tenant.profiles.markOrphans(pass());
    expect(await requireProfile(context.other.profiles, customerId)).toEqual(two);
    expect(await context.other.profiles.markOrphans(pass())).toEqual([]);
    expect(await context.other.profiles.listDependents(asset.id, { transitive: true, limit: 5 })).toMatchObject({
      items: [{ id: child.id }],
    });
  });

  it("an item that names another tenant's item has lost its source", async () => {
    const { tenant, other } = context;
    const loot = await plant(tenant);
    const { customerId } = await createCustomer(other);
    const sources = [{ type: "profile_field", id: loot.fieldId, metadata: {} }] as const;
    const thief = await addField(other, customerId, { sources });
    expect(await other.profiles.getField(customerId, "city", "active")).toMatchObject({ isOrphaned: true });
    expect((await other.profiles.getDerivationChain(thief.id))?.items.map(({ id }) => id)).toEqual([thief.id]);
    expect(await other.profiles.listDependents(loot.fieldId, { transitive: true, limit: 5 })).toBeUndefined();
    const dependents = await tenant.profiles.listDependents(loot.fieldId, { transitive: true, limit: 5 });
    expect(dependents?.items.map(({ id }) => id)).toEqual([loot.childId]);
    expect(await other.profiles.markOrphans(pass())).toMatchObject([{ itemId: thief.id }]);
  });

  it("one tenant's transaction does not reach into the other's", async () => {
    const { tenant, other } = context;
    const loot = await plant(tenant);
    await expect(
      other.profiles.transaction(async (store) => {
        await store.setPiiFlag("city", true);
        expect(await store.findProfile({ by: "id", customerId: loot.live.customerId }, "history")).toBeUndefined();
        expect(await store.apply(changeSet(loot.live))).toBe("stale");
        throw new Error("undo");
      }),
    ).rejects.toThrow("undo");
    expect(await requireProfile(tenant.profiles, loot.live.customerId)).toMatchObject({ customer: loot.live });
  });
}

function pass(over: Partial<LifecyclePass> = {}): LifecyclePass {
  return { customerId: null, now: at(1e12), limit: 100, auditOf: () => newEvent(), ...over };
}

/** A tenant with live, merged and due items; answers what an adversary could have learnt of it. */
async function plant(tenant: TenantUnderTest): Promise<Loot> {
  const { profiles } = tenant;
  const [survivorId, mergedId] = [await createCustomer(tenant), await createCustomer(tenant)].map(
    (each) => each.customerId,
  );
  const useCase = { clock: { now: () => NOW }, ids: seededIds(3), call: SYSTEM_CONTEXT };
  const [target, source] = [
    await requireProfile(profiles, survivorId as never),
    await requireProfile(profiles, mergedId as never),
  ];
  const { change: merging, record } = planMerge(source, target, useCase);
  expect(await profiles.applyMerge(merging)).toBe("applied");
  const { customerId } = await createCustomer(tenant, { externalId: "x", wrappedKey: "a2V5" }, newIdentity("+1"));
  const asset = newAsset(customerId, { expiresAt: at(5) });
  const field = newField(customerId, { expiresAt: at(5), sources: [itemSource(asset)] });
  const child = newField(customerId, { name: "child", sources: [itemSource(field), itemSource(newField(customerId))] });
  await change(tenant, customerId, {
    insertFields: [field, child],
    insertAssets: [asset],
    insertConsents: [newConsent()],
  });
  const [live, survivor, merged] = await Promise.all(
    [customerId, target.customer.customerId, source.customer.customerId].map(async (id) =>
      requireProfile(profiles, id),
    ),
  );
  if (!live || !survivor || !merged) return expect.unreachable();
  return {
    survivor: survivor.customer,
    merged: merged.customer,
    live: live.customer,
    merge: record,
    mergeChange: planMerge(live, survivor, useCase).change,
    fieldId: field.id,
    assetId: asset.id,
    childId: child.id,
  };
}

type Method = keyof ProfileStore;

/** One attack for each method: it calls it with everything the loot has to offer, and finds that it is unknown. */
function raidsOn(profiles: ProfileStore, loot: Loot): Record<Method, () => Promise<void>> {
  const { customerId } = loot.live;
  const page = { limit: 100 };
  const tombstone = { ...ended(newField(customerId), loot.childId), deletedAt: NOW };
  return {
    async findProfile() {
      for (const scope of ["active", "history"] as const) {
        for (const each of [loot.live, loot.merged, loot.survivor]) {
          expect(await profiles.findProfile({ by: "id", customerId: each.customerId }, scope)).toBeUndefined();
        }
        expect(await profiles.findProfile({ by: "externalId", externalId: "x" }, scope)).toBeUndefined();
        const identity = { by: "identity", channel: "whatsapp", channelUserId: "+1" } as const;
        expect(await profiles.findProfile(identity, scope)).toBeUndefined();
      }
    },
    async findOwnedPaths() {
      expect(await profiles.findOwnedPaths([newAsset(customerId).storagePath])).toEqual(new Set());
    },
    async listCustomers() {
      const identity = { channel: "whatsapp", channelUserId: "+1" } as const;
      for (const filter of [{}, { externalId: "x" }, { identity }, { textPrefix: "" }]) {
        expect(await profiles.listCustomers(filter, page)).toEqual({ items: [], nextCursor: null });
      }
    },
    async getField() {
      expect(await profiles.getField(customerId, "city", "any")).toBeUndefined();
    },
    async listFieldHistory() {
      expect((await profiles.listFieldHistory(customerId, "city", page)).items).toEqual([]);
    },
    async getAsset() {
      expect(await profiles.getAsset(customerId, loot.assetId)).toBeUndefined();
    },
    async listAssets() {
      expect((await profiles.listAssets(customerId, "any", page)).items).toEqual([]);
    },
    async getDerivationChain() {
      for (const id of [loot.fieldId, loot.assetId]) expect(await profiles.getDerivationChain(id)).toBeUndefined();
    },
    async listDependents() {
      for (const id of [loot.fieldId, loot.assetId]) {
        expect(await profiles.listDependents(id, { transitive: true, limit: 5 })).toBeUndefined();
      }
    },
    async findLinkedItems() {
      expect(await profiles.findLinkedItems([loot.fieldId, loot.assetId, loot.childId], 5)).toEqual([]);
    },
    async loadWriteContext() {
      const query = { agentId: null, names: ["city"], assetNames: ["id_card"], itemIds: [loot.fieldId, loot.assetId] };
      for (const lock of [false, true]) {
        expect(await profiles.loadWriteContext({ customerId, ...query, lock })).toBeUndefined();
      }
    },
    async loadGapContext() {
      expect(await profiles.loadGapContext(customerId, newId<ScenarioId>(), { kind: "all" })).toBeUndefined();
    },
    async getCommittedItem() {
      for (const id of [loot.fieldId, loot.assetId]) expect(await profiles.getCommittedItem(id)).toBeUndefined();
    },
    async getWrappedKeys() {
      expect((await profiles.getWrappedKeys([customerId])).size).toBe(0);
    },
    async createCustomer() {
      // Not run with a foreign id: an id that is unknown here is free here.
      expect(await profiles.findProfile({ by: "id", customerId }, "history")).toBeUndefined();
    },
    async apply() {
      const parts = {
        endFields: [{ ...tombstone, id: loot.fieldId }],
        endAssets: [{ ...tombstone, id: loot.assetId }],
        updateIdentities: [newIdentity("+1", { primary: true })],
        releaseKeys: true,
      };
      expect(await profiles.apply(changeSet(loot.live, parts))).toBe("stale");
    },
    async purge() {
      const { version } = loot.live;
      const common = { customerId, expectedVersion: version, customer: loot.live, audit: [newEvent()] };
      expect(await profiles.purge({ ...common, kind: "profile_field", itemIds: [loot.childId] })).toBe("stale");
      expect(await profiles.purge({ ...common, kind: "profile_asset", itemIds: [loot.assetId] })).toBe("stale");
    },
    async applyMerge() {
      expect(await profiles.applyMerge(loot.mergeChange)).toBe("stale");
    },
    async getMerge() {
      expect(await profiles.getMerge(loot.merge.mergeId)).toBeUndefined();
    },
    async listMergesInto() {
      expect(await profiles.listMergesInto(loot.survivor.customerId)).toEqual([]);
    },
    async expireDue() {
      for (const target of [null, customerId])
        expect(await profiles.expireDue(pass({ customerId: target }))).toEqual([]);
    },
    async markOrphans() {
      for (const target of [null, customerId])
        expect(await profiles.markOrphans(pass({ customerId: target }))).toEqual([]);
    },
    async setPiiFlag() {
      expect(await profiles.setPiiFlag("city", true)).toBe(0);
    },
    async transaction() {
      await profiles.transaction(async (store) => {
        for (const [name, raid] of Object.entries(raidsOn(store, loot))) if (name !== "transaction") await raid();
      });
    },
  };
}

function methodsOf(profiles: ProfileStore): string[] {
  const names = new Set<string>();
  let level = Object.getPrototypeOf(profiles) as object;
  // A store may inherit some of its methods.
  while (level !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
    level = Object.getPrototypeOf(level) as object;
  }
  return [...names].filter((name) => name !== "constructor").sort();
}
