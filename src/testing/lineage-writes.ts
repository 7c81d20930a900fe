import { expect } from "vitest";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { AssetInsert } from "../profiles/asset.ts";
import type { FieldInsert } from "../profiles/field-version.ts";
import type { ContractContext } from "./engine.ts";
import { at, itemSource, newEvent, newId } from "./profile-records.ts";
import { addField, createCustomer, requireCustomer } from "./profile-writes.ts";

export type Item = FieldInsert | AssetInsert;

/** Adds a field of a name of its own that derives from the items. */
export async function derive(
  context: ContractContext,
  customerId: CustomerId,
  sources: readonly Item[],
): Promise<FieldInsert> {
  const id = newId<ItemId>();
  return addField(context.tenant, customerId, { id, name: `f_${id.slice(-12)}`, sources: sources.map(itemSource) });
}

export async function line(context: ContractContext, length: number): Promise<FieldInsert[]> {
  const { customerId } = await createCustomer(context.tenant);
  const items: FieldInsert[] = [];
  for (let index = 0; index < length; index++) items.push(await derive(context, customerId, items.slice(-1)));
  return items;
}

export function idsOf(items: readonly { readonly id: ItemId }[] | undefined): readonly ItemId[] {
  return (items ?? []).map(({ id }) => id);
}

export async function purge(context: ContractContext, customerId: CustomerId, items: readonly Item[]): Promise<void> {
  const customer = await requireCustomer(context.tenant.profiles, customerId);
  expect(await context.tenant.profiles.purge(purgeSet(customer, items))).toBe("applied");
}

export function purgeSet(customer: Awaited<ReturnType<typeof requireCustomer>>, items: readonly Item[]) {
  const { customerId, version } = customer;
  const isField = items[0] !== undefined && "valueType" in items[0];
  return {
    customerId,
    expectedVersion: version,
    customer: { ...customer, updatedAt: at(9), version: version + 1 },
    kind: isField ? ("profile_field" as const) : ("profile_asset" as const),
    itemIds: idsOf(items),
    audit: [newEvent({ eventType: "field_purged", customerId })],
  };
}
