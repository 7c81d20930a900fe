import { describe, expect, it } from "vitest";
import type { ItemId } from "../identifiers.ts";
import type { AssetInsert } from "../profiles/asset.ts";
import type { FieldInsert } from "../profiles/field-version.ts";
import { newLifecycle } from "../profiles/item.ts";
import { DEPENDENTS_DEPTH_MAX, DERIVATION_CHAIN_LENGTH_MAX } from "../profiles/lineage.ts";
import type { ContractContext } from "./engine.ts";
import { derive, type Item, idsOf, line, purge } from "./lineage-writes.ts";
import { at, itemSource, NOW, newId } from "./profile-records.ts";
import { addAsset, addField, change, createCustomer, deleteCustomer, deleteItem, supersede } from "./profile-writes.ts";

/** What items were made from, and what was made from them. */
export function profileLineageContract(context: ContractContext): void {
  describe("getDerivationChain", () => derivationChainContract(context));
  describe("listDependents", () => dependentsContract(context));
}

function derivationChainContract(context: ContractContext): void {
  const chainOf = (item: Pick<Item, "id">) => context.tenant.profiles.getDerivationChain(item.id);

  it("of an item without sources is the item", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const sources = [
      { type: "session", id: "s-1", metadata: { turn: 3 } },
      { type: "tool", id: null, metadata: {} },
    ] as const;
    const field = await addField(tenant, customerId, { sources, collectedAt: at(50) });
    const asset = await addAsset(tenant, customerId, { uploadedAt: at(500) });
    const common = { customerId, status: "active", deleted: false };
    expect(await chainOf(field)).toStrictEqual({
      items: [{ ...common, id: field.id, type: "profile_field", name: "city", collectedAt: at(50), sources }],
      truncated: false,
      cycle: false,
    });
    expect((await chainOf(asset))?.items).toStrictEqual([
      { ...common, id: asset.id, type: "profile_asset", name: "id_card", collectedAt: at(500), sources: [] },
    ]);
  });

  it("goes from the root to the item, across kinds and customers", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const rival = await createCustomer(tenant);
    const scan = await addAsset(tenant, rival.customerId);
    const crop = await addAsset(tenant, rival.customerId, { sources: [itemSource(scan)] });
    const name = await derive(context, customerId, [crop]);
    const status = await derive(context, customerId, [name]);
    expect(idsOf((await chainOf(status))?.items)).toEqual(idsOf([scan, crop, name, status]));
    expect(idsOf((await chainOf(crop))?.items)).toEqual(idsOf([scan, crop]));
  });

  it.each([1, 2, DERIVATION_CHAIN_LENGTH_MAX])("holds all of %i items", async (length) => {
    const items = await line(context, length);
    const chain = await chainOf(items.at(-1) as FieldInsert);
    expect(idsOf(chain?.items)).toEqual(idsOf(items));
    expect(chain).toMatchObject({ truncated: false, cycle: false });
  });

  it.each([DERIVATION_CHAIN_LENGTH_MAX + 1, 15])("holds the nearest ten of %i items and says so", async (length) => {
    const items = await line(context, length);
    const chain = await chainOf(items.at(-1) as FieldInsert);
    expect(idsOf(chain?.items)).toEqual(idsOf(items.slice(-DERIVATION_CHAIN_LENGTH_MAX)));
    expect(chain).toMatchObject({ truncated: true, cycle: false });
  });

  it("holds the nearest of a wide graph, each before what derives from it", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const roots: Item[] = [];
    for (let index = 0; index < 8; index++) roots.push(await addAsset(tenant, customerId));
    const middle = [];
    for (let index = 0; index < 4; index++)
      middle.push(await derive(context, customerId, roots.slice(index * 2, index * 2 + 2)));
    const top = await derive(context, customerId, middle);
    const chain = await chainOf(top);
    expect(chain?.truncated).toBe(true);
    expect(new Set(idsOf(chain?.items))).toEqual(new Set(idsOf([...roots.slice(0, 5), ...middle, top])));
    expectTopological(chain?.items ?? []);
  });

  it("names an item once that is reached on two ways of different length", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const card = await addAsset(tenant, customerId);
    const name = await derive(context, customerId, [card]);
    const selfie = await addAsset(tenant, customerId);
    const match = await derive(context, customerId, [selfie, card, name]);
    const status = await derive(context, customerId, [match, card]);
    const chain = await chainOf(status);
    expect([...idsOf(chain?.items)].sort()).toEqual([...idsOf([card, name, selfie, match, status])].sort());
    expect(chain).toMatchObject({ truncated: false, cycle: false });
    expectTopological(chain?.items ?? []);
  });

  it("goes through what is superseded, expired, orphaned and deleted", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const items: Item[] = [await addAsset(tenant, customerId)];
    for (let index = 0; index < 4; index++) items.push(await derive(context, customerId, items.slice(-1)));
    const [scan, first, second, third, last] = items as [
      AssetInsert,
      FieldInsert,
      FieldInsert,
      FieldInsert,
      FieldInsert,
    ];
    await supersede(tenant, first);
    const end = { ...newLifecycle(NOW), endedAt: at(1) };
    await change(tenant, customerId, {
      endFields: [
        { id: second.id, ...end, status: "expired", expiredAt: at(1) },
        { id: third.id, ...end, status: "orphaned", orphanedAt: at(1) },
      ],
    });
    await deleteItem(tenant, scan);
    const chain = await chainOf(last);
    expect(idsOf(chain?.items)).toEqual(idsOf(items));
    expect(chain?.items.map(({ status, deleted }) => [status, deleted])).toEqual([
      ["active", true],
      ["superseded", false],
      ["expired", false],
      ["orphaned", false],
      ["active", false],
    ]);
  });

  it("ends where a source was purged, which its item still names", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const root = await derive(context, customerId, []);
    const middle = await derive(context, customerId, [root]);
    const item = await derive(context, customerId, [middle]);
    await deleteItem(tenant, item);
    await deleteItem(tenant, middle);
    await purge(context, customerId, [middle]);
    const chain = await chainOf(item);
    expect(idsOf(chain?.items)).toEqual([item.id]);
    expect(chain?.items[0]?.sources).toEqual([itemSource(middle)]);
  });

  it("starts from tombstones, but not from items of deleted customers or unknown ids", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const field = await addField(tenant, customerId);
    const child = await addField(tenant, (await createCustomer(tenant)).customerId, { sources: [itemSource(field)] });
    await deleteItem(tenant, field);
    expect(await chainOf(field)).toMatchObject({ items: [{ id: field.id, deleted: true }] });
    await deleteCustomer(tenant, customerId);
    expect(await chainOf(field)).toBeUndefined();
    expect(await chainOf({ id: newId() })).toBeUndefined();
    expect(await chainOf({ id: customerId as string as ItemId })).toBeUndefined();
    expect(idsOf((await chainOf(child))?.items)).toEqual([field.id, child.id]);
  });

  it("ends in a stored cycle and says so", async () => {
    const { probe } = context.engine;
    const items = await line(context, 4);
    const [first, second, third, last] = items as [FieldInsert, FieldInsert, FieldInsert, FieldInsert];
    const edge = { itemId: first.id, itemKind: "profile_field", sourceId: third.id } as const;
    await probe.forceEdge(context.tenant.tenantId, edge);
    for (const start of [first, second, third, last]) {
      const chain = await chainOf(start);
      expect(chain).toMatchObject({ cycle: true, truncated: false });
      expect(chain?.items).toHaveLength(start === last ? 4 : 3);
    }
    const dependents = await context.tenant.profiles.listDependents(first.id, { transitive: true, limit: 10 });
    expect(idsOf(dependents?.items)).toEqual(idsOf([second, third, last]));
  });

  it("hands out copies", async () => {
    const [item] = await line(context, 1);
    const chain = await chainOf(item as FieldInsert);
    (chain as unknown as { items: unknown[] }).items.push("spoilt");
    expect((await chainOf(item as FieldInsert))?.items).toHaveLength(1);
  });
}

function expectTopological(
  items: readonly { readonly id: string; readonly sources: readonly { readonly id: string | null }[] }[],
): void {
  const place = new Map(items.map(({ id }, index) => [id, index]));
  for (const [index, { sources }] of items.entries()) {
    for (const { id } of sources) expect(place.get(id ?? "") ?? -1).toBeLessThan(index);
  }
}

function dependentsContract(context: ContractContext): void {
  const dependentsOf = (item: Pick<Item, "id">, transitive: boolean, limit = 100) =>
    context.tenant.profiles.listDependents(item.id, { transitive, limit });

  it("lists what derives directly, by insertion, whatever the kind", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const card = await addAsset(tenant, customerId);
    const sources = [itemSource(card)];
    // Many fields before put the two kinds far apart if each kind counted for itself.
    for (let index = 0; index < 5; index++) await derive(context, customerId, []);
    const name = await derive(context, customerId, [card]);
    const crop = await addAsset(tenant, customerId, { sources });
    const birthday = await derive(context, customerId, [card]);
    const thumbnail = await addAsset(tenant, customerId, { sources, uploadedAt: at(-9) });
    await derive(context, customerId, [name]);
    const found = await dependentsOf(card, false);
    expect(idsOf(found?.items)).toEqual(idsOf([name, crop, birthday, thumbnail]));
    expect(found?.truncated).toBe(false);
    expect(found?.items[0]).toStrictEqual({
      id: name.id,
      type: "profile_field",
      customerId,
      name: name.name,
      status: "active",
      deleted: false,
      collectedAt: NOW,
      sources,
      distance: 1,
    });
  });

  it("lists what derives at any distance, nearest first", async () => {
    const items = await line(context, 4);
    const root = items[0] as FieldInsert;
    const late = await derive(context, root.customerId, [root]);
    const both = await derive(context, root.customerId, [items[3] as FieldInsert, root]);
    const found = await dependentsOf(root, true);
    expect(found?.items.map(({ id, distance }) => [id, distance])).toEqual([
      [items[1]?.id, 1],
      [late.id, 1],
      [both.id, 1],
      [items[2]?.id, 2],
      [items[3]?.id, 3],
    ]);
    expect(idsOf((await dependentsOf(root, false))?.items)).toEqual(idsOf([items[1], late, both] as FieldInsert[]));
  });

  it("goes ten steps deep", async () => {
    const items = await line(context, DEPENDENTS_DEPTH_MAX + 3);
    const found = await dependentsOf(items[0] as FieldInsert, true);
    expect(idsOf(found?.items)).toEqual(idsOf(items.slice(1, DEPENDENTS_DEPTH_MAX + 1)));
  });

  it("cuts at the limit and says so", async () => {
    const { tenant } = context;
    const { customerId } = await createCustomer(tenant);
    const root = await addAsset(tenant, customerId);
    const children: FieldInsert[] = [];
    for (let index = 0; index < 4; index++) children.push(await derive(context, customerId, [root]));
    await deleteItem(tenant, children.pop() as FieldInsert);
    for (const limit of [1, 2, 3, 4]) {
      const found = await dependentsOf(root, true, limit);
      expect(idsOf(found?.items)).toEqual(idsOf(children.slice(0, limit)));
      expect(found?.truncated).toBe(limit < 3);
    }
  });

  it("leaves tombstones out, goes on through them, and keeps every other status", async () => {
    const { tenant } = context;
    const [root, middle, last] = (await line(context, 3)) as [FieldInsert, FieldInsert, FieldInsert];
    await deleteItem(tenant, middle);
    await supersede(tenant, last);
    const found = await dependentsOf(root, true);
    expect(found?.items.map(({ id, distance, status }) => [id, distance, status])).toEqual([
      [last.id, 2, "superseded"],
    ]);
    expect((await dependentsOf(root, false))?.items).toEqual([]);
    await deleteItem(tenant, root);
    expect(idsOf((await dependentsOf(root, true))?.items)).toEqual([last.id]);
  });

  it("knows no unknown item and none of a deleted customer, and is empty for one without dependents", async () => {
    const { tenant } = context;
    const [root, leaf] = (await line(context, 2)) as [FieldInsert, FieldInsert];
    expect(await dependentsOf(leaf, true)).toStrictEqual({ items: [], truncated: false });
    expect(await dependentsOf({ id: newId() }, false)).toBeUndefined();
    await deleteCustomer(tenant, root.customerId);
    expect(await dependentsOf(root, false)).toBeUndefined();
  });
}
