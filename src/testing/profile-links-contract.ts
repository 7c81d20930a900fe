import { expect, it } from "vitest";
import type { ItemId } from "../identifiers.ts";
import type { ContractContext } from "./engine.ts";
import { itemSource, newId } from "./profile-records.ts";
import { addAsset, addField, createCustomer, deleteCustomer, deleteItem } from "./profile-writes.ts";

/** Whose items are linked with which. */
export function profileLinksContract(context: ContractContext): void {
  const find = async (itemIds: readonly ItemId[], limit = 100) => {
    const found = await context.tenant.profiles.findLinkedItems(itemIds, limit);
    return found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  };

  it("finds the items, their sources and what derives from them, of any customer and with tombstones", async () => {
    const { tenant } = context;
    const [a, b, c] = [await createCustomer(tenant), await createCustomer(tenant), await createCustomer(tenant)];
    const root = await addAsset(tenant, a.customerId);
    const card = await addAsset(tenant, a.customerId, { sources: [itemSource(root)] });
    const name = await addField(tenant, b.customerId, {
      name: "legal_name",
      sources: [itemSource(card), { type: "session", id: root.id, metadata: {} }],
    });
    const initials = await addField(tenant, c.customerId, { name: "initials", sources: [itemSource(name)] });
    const greeting = await addField(tenant, c.customerId, { name: "greeting", sources: [itemSource(initials)] });
    await deleteItem(tenant, initials);
    await deleteCustomer(tenant, c.customerId);
    const owned = (each: { id: ItemId; customerId: string }) => ({ id: each.id, customerId: each.customerId });
    expect(await find([name.id])).toStrictEqual([card, name, initials].map(owned));
    expect(await find([card.id, greeting.id])).toStrictEqual([root, card, name, initials, greeting].map(owned));
    expect(await find([root.id])).toStrictEqual([root, card].map(owned));
    expect(await find([])).toEqual([]);
    expect(await find([newId<ItemId>()])).toEqual([]);
  });

  it("still finds what derives from an item that is gone", async () => {
    const { tenant, engine } = context;
    const { customerId } = await createCustomer(tenant);
    const field = await addField(tenant, customerId);
    const gone = newId<ItemId>();
    await engine.probe.forceEdge(tenant.tenantId, { itemId: field.id, itemKind: "profile_field", sourceId: gone });
    expect(await find([gone])).toStrictEqual([{ id: field.id, customerId }]);
  });

  it("finds no more than the limit", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const card = await addAsset(tenant, customerId);
    for (const name of ["a", "b", "c"]) await addField(tenant, customerId, { name, sources: [itemSource(card)] });
    expect(await find([card.id], 4)).toHaveLength(4);
    expect(await find([card.id], 3)).toHaveLength(3);
  });
}
