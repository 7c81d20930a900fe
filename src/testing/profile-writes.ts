import { expect } from "vitest";
import type { CustomerId, ItemId } from "../identifiers.ts";
import type { AssetInsert } from "../profiles/asset.ts";
import type { ChangeSet, LifecycleChange } from "../profiles/change-set.ts";
import type { ChannelIdentity, CustomerRecord, ProfileRecord } from "../profiles/customer.ts";
import type { FieldInsert } from "../profiles/field-version.ts";
import { type ItemLifecycle, superseded, tombstoned } from "../profiles/item.ts";
import type { ProfileStore } from "../profiles/profile-store.ts";
import type { TenantUnderTest } from "./engine.ts";
import { changeSet, NOW, newAsset, newCustomer, newField } from "./profile-records.ts";

/* The shortest way to put a store into a state, through its public writes. Each one has to succeed. */

export async function createCustomer(
  tenant: TenantUnderTest,
  over: Partial<CustomerRecord> = {},
  identity: ChannelIdentity | null = null,
): Promise<CustomerRecord> {
  const customer = newCustomer(over);
  expect(await tenant.profiles.createCustomer({ customer, identity, audit: [] })).toBe("created");
  return customer;
}

export async function requireProfile(
  profiles: ProfileStore,
  customerId: CustomerId,
  scope: "active" | "history" = "history",
): Promise<ProfileRecord> {
  const profile = await profiles.findProfile({ by: "id", customerId }, scope);
  expect(profile).toBeDefined();
  return profile as ProfileRecord;
}

export async function requireCustomer(profiles: ProfileStore, customerId: CustomerId): Promise<CustomerRecord> {
  return (await requireProfile(profiles, customerId, "active")).customer;
}

/** Applies parts of a change set to the customer as it is now. */
export async function change(
  { profiles }: Pick<TenantUnderTest, "profiles">,
  customerId: CustomerId,
  parts: Partial<ChangeSet>,
): Promise<void> {
  const customer = await requireCustomer(profiles, customerId);
  expect(await profiles.apply(changeSet(customer, parts))).toBe("applied");
}

export async function addField(
  tenant: TenantUnderTest,
  customerId: CustomerId,
  over: Partial<FieldInsert> = {},
): Promise<FieldInsert> {
  const field = newField(customerId, over);
  await change(tenant, customerId, { insertFields: [field] });
  return field;
}

export async function addAsset(
  tenant: TenantUnderTest,
  customerId: CustomerId,
  over: Partial<AssetInsert> = {},
): Promise<AssetInsert> {
  const asset = newAsset(customerId, over);
  await change(tenant, customerId, { insertAssets: [asset] });
  return asset;
}

export function ended(item: ItemLifecycle & { readonly id: ItemId }, by: ItemId, when = NOW): LifecycleChange {
  return { id: item.id, ...superseded(item, by, when) };
}

/** Inserts a version that supersedes another one of the same name. */
export async function supersede(
  tenant: TenantUnderTest,
  before: FieldInsert,
  over: Partial<FieldInsert> = {},
): Promise<FieldInsert> {
  const field = newField(before.customerId, { name: before.name, ...over });
  await change(tenant, before.customerId, { endFields: [ended(before, field.id)], insertFields: [field] });
  return field;
}

export async function deleteItem(
  tenant: TenantUnderTest,
  item: ItemLifecycle & { readonly id: ItemId; readonly customerId: CustomerId; readonly valueType?: unknown },
  when = NOW,
): Promise<void> {
  const tombstone = { id: item.id, ...tombstoned(item, when) };
  await change(
    tenant,
    item.customerId,
    item.valueType === undefined ? { endAssets: [tombstone] } : { endFields: [tombstone] },
  );
}

export async function deleteCustomer(tenant: TenantUnderTest, customerId: CustomerId): Promise<void> {
  const customer = await requireCustomer(tenant.profiles, customerId);
  const deleted = { ...customer, deletedAt: NOW, version: customer.version + 1 };
  await change(tenant, customerId, { customer: deleted, releaseKeys: true });
}

/** Every event in the tenant's journal, oldest first; a test makes a hundred at most. */
export async function journalOf(tenant: TenantUnderTest) {
  const page = await tenant.audit.list({}, { limit: 100 });
  return [...page.items].reverse();
}
