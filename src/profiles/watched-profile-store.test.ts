import { beforeEach, describe, expect, it } from "vitest";
import type { CustomerId, ItemId, MergeId } from "../identifiers.ts";
import { SYSTEM_CONTEXT } from "../tenants/actor.ts";
import { type CachedProfiles, lookupsOf, openCachedProfiles } from "../testing/cached-profiles.ts";
import {
  at,
  changeSet,
  itemSource,
  NOW,
  newAsset,
  newConsent,
  newEvent,
  newField,
  newIdentity,
} from "../testing/profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteCustomer,
  deleteItem,
  requireCustomer,
  requireProfile,
  supersede,
} from "../testing/profile-writes.ts";
import { seededIds } from "../testing/seeded-ids.ts";
import type { ItemKind } from "./item.ts";
import { planMerge } from "./plan-merge.ts";
import { planUndo } from "./plan-merge-undo.ts";
import type { LifecyclePass } from "./profile-store.ts";

describe("what a write makes old", () => {
  let world: CachedProfiles;
  let customerId: CustomerId;
  let rivalId: CustomerId;

  beforeEach(async () => {
    world = await openCachedProfiles();
    ({ customerId } = await createCustomer(world.tenant, { externalId: "crm-1" }, newIdentity("+1")));
    ({ customerId: rivalId } = await createCustomer(world.tenant, { externalId: "crm-2" }, newIdentity("+2")));
  });

  /** Every lookup of both customers, from the cache and from the database. */
  async function expectFresh(): Promise<void> {
    const rival = [
      { by: "id", customerId: rivalId },
      { by: "externalId", externalId: "crm-2" },
      { by: "identity", channel: "whatsapp", channelUserId: "+2" },
    ] as const;
    for (const lookup of [...lookupsOf(customerId), ...rival]) {
      const kept = await world.tenant.profiles.findProfile(lookup, "active");
      expect(kept).toEqual(await world.direct.profiles.findProfile(lookup, "active"));
    }
  }
  const pass = (over: Partial<LifecyclePass> = {}): LifecyclePass => ({
    customerId: null,
    now: at(1e12),
    limit: 100,
    auditOf: () => newEvent(),
    ...over,
  });
  const purge = async (ownerId: CustomerId, kind: ItemKind, itemIds: readonly ItemId[]) => {
    const customer = await requireCustomer(world.tenant.profiles, ownerId);
    const { audit, ...rest } = changeSet(customer);
    expect(await world.tenant.profiles.purge({ ...rest, audit, kind, itemIds })).toBe("applied");
  };
  const merge = async () => {
    const { profiles } = world.tenant;
    const [source, target] = [await requireProfile(profiles, rivalId), await requireProfile(profiles, customerId)];
    const { change: merging, record } = planMerge(source, target, USE_CASE);
    expect(await profiles.applyMerge(merging)).toBe("applied");
    return record.mergeId;
  };

  /** Each one alone, by what it does to profiles that were read just before. */
  const WRITES: Readonly<Record<string, () => Promise<unknown>>> = {
    "a new field": () => addField(world.tenant, customerId),
    "a correction": async () => supersede(world.tenant, await fieldOf(customerId)),
    "a new asset": () => addAsset(world.tenant, customerId),
    "a deleted field": async () => deleteItem(world.tenant, await fieldOf(customerId)),
    "a deleted asset": async () => deleteItem(world.tenant, await assetOf(customerId)),
    "a purged field": async () => purge(customerId, "profile_field", [(await fieldOf(customerId)).id]),
    "a consent": () => change(world.tenant, customerId, { insertConsents: [newConsent()] }),
    "a new identity": () => change(world.tenant, customerId, { insertIdentities: [newIdentity("+3")] }),
    "a changed identity": () =>
      change(world.tenant, customerId, { updateIdentities: [newIdentity("+1", { verified: true, verifiedAt: NOW })] }),
    "a changed header": async () => {
      const customer = await requireCustomer(world.tenant.profiles, customerId);
      const renamed = { ...customer, externalId: "crm-9", version: customer.version + 1 };
      await change(world.tenant, customerId, { customer: renamed });
    },
    "the end of the customer": () => deleteCustomer(world.tenant, customerId),
    "a merge": () => merge(),
    "the undoing of a merge": async () => undo(await merge()),
    "a flag of personal data": async () => {
      await fieldOf(customerId);
      await expectFresh();
      expect(await world.tenant.profiles.setPiiFlag("city", true)).toBe(1);
    },
    "an expiry in the whole tenant": async () => {
      for (const id of [customerId, rivalId]) await addField(world.tenant, id, { expiresAt: at(5) });
      await expectFresh();
      expect(await world.tenant.profiles.expireDue(pass())).toHaveLength(2);
    },
    "an orphaning in the whole tenant": async () => {
      for (const id of [customerId, rivalId]) await addField(world.tenant, id, { sources: [itemSource(newField(id))] });
      await expectFresh();
      expect(await world.tenant.profiles.markOrphans(pass())).toHaveLength(2);
    },
    "a source deleted at another customer": async () => {
      const source = await assetOf(rivalId);
      await addField(world.tenant, customerId, { sources: [itemSource(source)] });
      await expectFresh();
      await deleteItem(world.tenant, source);
    },
    "what another customer's field derives from": async () => {
      const source = await assetOf(customerId);
      await expectFresh();
      await addField(world.tenant, rivalId, { sources: [itemSource(source)] });
    },
    "a field purged that derives from another customer's asset": async () => {
      const source = await assetOf(customerId);
      const derived = await addField(world.tenant, rivalId, { sources: [itemSource(source)] });
      await expectFresh();
      await purge(rivalId, "profile_field", [derived.id]);
    },
    "several writes of one transaction": () =>
      world.tenant.transaction(async ({ profiles }) => {
        const source = newAsset(customerId);
        await change({ profiles }, customerId, { insertAssets: [source] });
        await profiles.transaction((inner) =>
          change({ profiles: inner }, rivalId, {
            insertFields: [newField(rivalId, { sources: [itemSource(source)] })],
          }),
        );
        await profiles.setPiiFlag("city", true);
      }),
  };

  const fieldOf = (id: CustomerId) => addField(world.tenant, id);
  const assetOf = (id: CustomerId) => addAsset(world.tenant, id);
  async function undo(mergeId: MergeId): Promise<void> {
    await expectFresh();
    const { profiles } = world.tenant;
    const record = await profiles.getMerge(mergeId);
    if (!record) return expect.unreachable();
    const merged = await requireCustomer(profiles, rivalId);
    const survivor = await requireProfile(profiles, customerId);
    expect(await profiles.applyMerge(planUndo(record, merged, { survivor, useCase: USE_CASE }))).toBe("applied");
  }

  it.each(Object.keys(WRITES))("%s is seen by every lookup at once", async (name) => {
    await expectFresh();
    await WRITES[name]?.();
    await expectFresh();
  });

  it.each(["before", "after"] as const)("is forgotten when the database fails %s the write", async (when) => {
    const fault = { kind: "fail", when, code: "storage_timeout" } as const;
    for (const [method, write] of Object.entries({
      apply: () => addField(world.tenant, customerId),
      createCustomer: () => createCustomer(world.tenant, { externalId: "crm-3" }),
      expireDue: () => world.tenant.profiles.expireDue(pass()),
      setPiiFlag: () => world.tenant.profiles.setPiiFlag("city", true),
      applyMerge: () => merge(),
      transaction: () =>
        world.tenant.transaction(({ profiles }) =>
          change({ profiles }, customerId, { insertConsents: [newConsent()] }),
        ),
    })) {
      await change(world.direct, customerId, {
        insertFields: [newField(customerId, { name: method, expiresAt: at(5) })],
      });
      await world.cache.cache.removeByTag(`${world.tenant.tenantId}:profiles`);
      await expectFresh();
      const unknown = { by: "externalId", externalId: "crm-3" } as const;
      await world.tenant.profiles.findProfile(unknown, "active");
      world.database.inject({ fault, methods: [method], times: 1 });
      await expect(write()).rejects.toMatchObject({ code: "storage_timeout" });
      world.database.heal();
      await expectFresh();
      expect(await world.tenant.profiles.findProfile(unknown, "active")).toEqual(
        await world.direct.profiles.findProfile(unknown, "active"),
      );
    }
  });

  it("is everything when nobody can say whom the write concerned", async () => {
    const source = await assetOf(rivalId);
    await addField(world.tenant, customerId, { sources: [itemSource(source)] });
    await expectFresh();
    const fault = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
    world.database.inject({ fault, methods: ["findLinkedItems"], times: 1 });
    await deleteItem(world.tenant, source);
    await expectFresh();
  });

  it("is nothing when the write was refused, or overtaken", async () => {
    await expectFresh();
    const customer = await requireCustomer(world.direct.profiles, customerId);
    const before = world.seen.invalidations.length;
    expect(await world.tenant.profiles.apply(changeSet({ ...customer, version: 9 }))).toBe("stale");
    const taken = changeSet(customer, { insertIdentities: [newIdentity("+2")] });
    await expect(world.tenant.profiles.apply(taken)).rejects.toMatchObject({ code: "identity_taken" });
    expect(world.seen.invalidations.slice(before)).toEqual([]);
  });

  it("is asked of the database only where items of others are linked", async () => {
    const [own, foreign] = [await assetOf(customerId), await assetOf(rivalId)];
    const write = async (sources: readonly ReturnType<typeof itemSource>[]) => {
      const { profiles } = world.tenant;
      const query = { customerId, agentId: null, names: [], assetNames: [], lock: false };
      const context = await profiles.loadWriteContext({ ...query, itemIds: [own.id, foreign.id] });
      if (!context) return expect.unreachable();
      const field = newField(customerId, { sources, ...(sources[0]?.id === own.id ? {} : { name: "town" }) });
      const changes = changeSet(context.customer, { insertFields: [field], endFields: [] });
      return world.readsOf(() => profiles.apply(changes));
    };
    expect((await write([itemSource(own)])).calls).toEqual(["apply"]);
    expect((await write([itemSource(foreign)])).calls).toEqual(["apply", "findLinkedItems"]);
  });

  it("is counted by why it was", async () => {
    await purge(customerId, "profile_field", [(await fieldOf(customerId)).id]);
    await world.tenant.profiles.setPiiFlag("city", true);
    expect(await world.tenant.profiles.expireDue(pass())).toEqual([]);
    expect(new Set(world.seen.invalidations)).toEqual(new Set(["create_customer", "change_customer", "purge"]));
  });
});

const USE_CASE = { clock: { now: () => NOW }, ids: seededIds(5), call: SYSTEM_CONTEXT };
