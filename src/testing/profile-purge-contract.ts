import { expect, it } from "vitest";
import type { FieldInsert } from "../profiles/field-version.ts";
import type { ContractContext } from "./engine.ts";
import { derive, type Item, idsOf, line, purge, purgeSet } from "./lineage-writes.ts";
import { at, itemSource, NOW } from "./profile-records.ts";
import {
  addAsset,
  addField,
  change,
  createCustomer,
  deleteCustomer,
  deleteItem,
  ended,
  requireCustomer,
  requireProfile,
  supersede,
} from "./profile-writes.ts";

/** Removing items physically, and what stands against it. */
export function profilePurgeContract(context: ContractContext): void {
  it("removes items with their sources, raises the version, and frees their ids", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const asset = await addAsset(tenant, customerId);
    const field = await addField(tenant, customerId, {
      sources: [itemSource(asset), { type: "tool", id: "t", metadata: {} }],
    });
    await purge(context, customerId, [field]);
    await purge(context, customerId, [asset]);
    const profile = await requireProfile(tenant.profiles, customerId);
    expect(profile).toMatchObject({ customer: { version: 5, updatedAt: at(9) }, fields: [], assets: [] });
    expect(await context.engine.probe.dump(tenant.tenantId)).not.toContain("id_card");
    const again = await addField(tenant, customerId, { id: field.id });
    expect(await tenant.profiles.getField(customerId, "city", "active")).toMatchObject({ id: again.id, sources: [] });
  });

  it("is refused while something derives from an item, and changes nothing", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const [root, child] = (await line(context, 2)) as [FieldInsert, FieldInsert];
    const asset = await addAsset(tenant, customerId);
    const free = await addAsset(tenant, customerId);
    const analysis = await addField(tenant, rival.customerId, { sources: [itemSource(asset)] });
    const before = await context.engine.probe.dump(tenant.tenantId);
    const attempts = [
      { owner: root.customerId, items: [root], dependents: [child.id] },
      { owner: customerId, items: [free, asset], dependents: [analysis.id] },
    ];
    for (const { owner, items, dependents } of attempts) {
      const changes = purgeSet(await requireCustomer(tenant.profiles, owner), items);
      await expect(tenant.profiles.purge(changes)).rejects.toMatchObject({
        code: "has_dependents",
        details: { dependents },
      });
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
  });

  it("names the first twenty dependents, each once", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const [card, selfie] = [await addAsset(tenant, customerId), await addAsset(tenant, customerId)];
    const children: Item[] = [];
    for (let index = 0; index < 22; index++) children.push(await derive(context, customerId, [card, selfie, card]));
    const changes = purgeSet(await requireCustomer(tenant.profiles, customerId), [card, selfie]);
    const dependents = [...idsOf(children)].sort().slice(0, 20);
    await expect(tenant.profiles.purge(changes)).rejects.toMatchObject({
      code: "has_dependents",
      details: { dependents },
    });
  });

  it("takes no notice of dependents that are tombstones or go with it", async () => {
    const { tenant } = context;
    const [root, child, last] = (await line(context, 3)) as [FieldInsert, FieldInsert, FieldInsert];
    await deleteItem(tenant, last);
    await purge(context, root.customerId, [root, child]);
    expect(await tenant.profiles.getDerivationChain(root.id)).toBeUndefined();
    const { fields } = await requireProfile(tenant.profiles, root.customerId);
    expect(fields).toMatchObject([{ id: last.id, isOrphaned: true }]);
  });

  it("unlinks what a purged item had superseded", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const first = await addField(tenant, customerId);
    const second = await supersede(tenant, first);
    const old = await addAsset(tenant, customerId);
    const next = await addAsset(tenant, customerId);
    await change(tenant, customerId, { endAssets: [ended(old, next.id)] });
    await purge(context, customerId, [second]);
    await purge(context, customerId, [next]);
    const { fields, assets } = await requireProfile(tenant.profiles, customerId);
    for (const item of [...fields, ...assets]) {
      expect(item).toMatchObject({ status: "superseded", supersededById: null, supersededAt: NOW });
    }
    expect([fields[0]?.id, assets[0]?.id]).toEqual([first.id, old.id]);
  });

  it("removes the customer's own items of the kind only", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const sources = [{ type: "tool", id: "t", metadata: {} }] as const;
    const field = await addField(tenant, rival.customerId, { sources });
    const asset = await addAsset(tenant, customerId, { sources });
    const changes = purgeSet(await requireCustomer(tenant.profiles, customerId), [field, asset]);
    expect(await tenant.profiles.purge(changes)).toBe("applied");
    expect((await requireProfile(tenant.profiles, rival.customerId)).fields).toMatchObject([{ id: field.id, sources }]);
    expect((await requireProfile(tenant.profiles, customerId)).assets).toMatchObject([{ id: asset.id, sources }]);
  });

  it("is stale for another version and a deleted customer, and writes nothing then", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const field = await addField(tenant, customerId);
    const customer = await requireCustomer(tenant.profiles, customerId);
    const before = await context.engine.probe.dump(tenant.tenantId);
    for (const version of [customer.version - 1, customer.version + 1]) {
      expect(await tenant.profiles.purge(purgeSet({ ...customer, version }, [field]))).toBe("stale");
    }
    expect(await context.engine.probe.dump(tenant.tenantId)).toBe(before);
    await deleteCustomer(tenant, customerId);
    expect(await tenant.profiles.purge(purgeSet({ ...customer, version: customer.version + 1 }, [field]))).toBe(
      "stale",
    );
  });
}
