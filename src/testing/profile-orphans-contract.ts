import { expect, it } from "vitest";
import { newLifecycle } from "../profiles/item.ts";
import type { ContractContext } from "./engine.ts";
import { namesOf, pass, statuses } from "./lifecycle-passes.ts";
import { at, itemSource, NOW, newField } from "./profile-records.ts";
import {
  addAsset,
  addField,
  createCustomer,
  deleteCustomer,
  deleteItem,
  requireProfile,
  supersede,
} from "./profile-writes.ts";

/** Orphaning what lost a source. */
export function profileOrphansContract(context: ContractContext): void {
  it("orphans fields and assets that lost a field or an asset, deleted or purged", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const card = await addAsset(tenant, customerId, { name: "card" });
    const name = await addField(tenant, customerId, { name: "name" });
    const kept = await addField(tenant, customerId, { name: "kept" });
    await addField(tenant, customerId, { name: "of_card", sources: [itemSource(kept), itemSource(card)] });
    await addAsset(tenant, customerId, { name: "crop", sources: [itemSource(card)] });
    await addField(tenant, customerId, { name: "of_name", sources: [itemSource(name)] });
    await addField(tenant, customerId, { name: "of_kept", sources: [itemSource(kept)] });
    await deleteItem(tenant, card);
    await deleteItem(tenant, name);
    const touched = await tenant.profiles.markOrphans(pass());
    expect(namesOf(touched)).toEqual(["crop", "of_card", "of_name"]);
    const { fields, assets } = await requireProfile(tenant.profiles, customerId);
    for (const item of [...fields, ...assets].filter((each) => each.sources.length > 0)) {
      const isLost = item.name !== "of_kept";
      expect(item).toMatchObject({
        status: isLost ? "orphaned" : "active",
        isOrphaned: isLost,
        orphanedAt: isLost ? at(100) : null,
        endedAt: isLost ? at(100) : null,
      });
    }
  });

  it("orphans what names a source that is nowhere", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const gone = newField(customerId);
    await addField(tenant, customerId, { name: "child", sources: [itemSource(gone)] });
    expect((await requireProfile(tenant.profiles, customerId)).fields).toMatchObject([
      { isOrphaned: true, status: "active" },
    ]);
    expect(namesOf(await tenant.profiles.markOrphans(pass()))).toEqual(["child"]);
  });

  it("knows nothing of sessions, tools and external records, whatever their ids", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const { id } = newField(customerId);
    const sources = (["session", "tool", "external"] as const).flatMap((type) => [
      { type, id, metadata: {} },
      { type, id: null, metadata: {} },
    ]);
    await addField(tenant, customerId, { sources });
    expect(await tenant.profiles.markOrphans(pass())).toEqual([]);
    expect((await requireProfile(tenant.profiles, customerId)).fields).toMatchObject([{ isOrphaned: false }]);
  });

  it("takes sources for existing that are superseded, expired, orphaned or of a deleted customer", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const lapsed = { ...newLifecycle(NOW), endedAt: at(2) } as const;
    const superseded = await addField(tenant, customerId, { name: "s" });
    await supersede(tenant, superseded);
    const sources = [
      superseded,
      await addField(tenant, customerId, { ...lapsed, name: "o", status: "orphaned", orphanedAt: at(2) }),
      await addAsset(tenant, customerId, { ...lapsed, name: "e", status: "expired", expiredAt: at(2) }),
      await addField(tenant, rival.customerId),
    ].map(itemSource);
    await addField(tenant, customerId, { name: "child", sources });
    await deleteCustomer(tenant, rival.customerId);
    expect(await tenant.profiles.markOrphans(pass())).toEqual([]);
  });

  it("does not go on to what derives from an orphan", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const root = await addField(tenant, customerId, { name: "root" });
    const child = await addField(tenant, customerId, { name: "child", sources: [itemSource(root)] });
    await addField(tenant, customerId, { name: "grandchild", sources: [itemSource(child)] });
    await deleteItem(tenant, root);
    for (const expected of [["child"], []])
      expect(namesOf(await tenant.profiles.markOrphans(pass()))).toEqual(expected);
    expect(await statuses(tenant.profiles, customerId)).toMatchObject({ child: "orphaned", grandchild: "active" });
  });

  it("leaves what is superseded, expired or deleted as it is", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const root = await addField(tenant, customerId, { name: "root" });
    const sources = [itemSource(root)];
    await supersede(tenant, await addField(tenant, customerId, { name: "s", sources }));
    await addField(tenant, customerId, {
      ...newLifecycle(NOW),
      name: "e",
      sources,
      status: "expired",
      expiredAt: at(2),
      endedAt: at(2),
    });
    await deleteItem(tenant, await addField(tenant, customerId, { name: "d", sources }));
    await deleteItem(tenant, await addAsset(tenant, customerId, { sources }));
    await deleteItem(tenant, root);
    expect(await tenant.profiles.markOrphans(pass())).toEqual([]);
    expect(
      (await requireProfile(tenant.profiles, customerId)).fields.filter(({ isOrphaned }) => isOrphaned),
    ).toHaveLength(3);
  });

  it("works in batches", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const root = await addField(tenant, customerId, { name: "root" });
    const sources = [itemSource(root), itemSource(newField(customerId))];
    for (let index = 0; index < 3; index++) {
      await addField(tenant, customerId, { name: `f${index}`, sources });
      await addAsset(tenant, customerId, { name: `a${index}`, sources });
    }
    await deleteItem(tenant, root);
    const sizes = [];
    for (let batch = 0; batch < 3; batch++) sizes.push((await tenant.profiles.markOrphans(pass({ limit: 4 }))).length);
    expect(sizes).toEqual([4, 2, 0]);
  });
}
