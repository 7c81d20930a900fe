import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { InMemoryTable } from "../storage/in-memory/in-memory-tables.ts";
import type { LifecycleChange } from "./change-set.ts";
import type { CustomerRecord } from "./customer.ts";
import type { AssetRow, FieldRow, ProfileTables } from "./in-memory-profile-tables.ts";

/* The steps that writes of every kind are made of. */

export function isCurrent(tables: ProfileTables, customerId: CustomerId, expectedVersion: number): boolean {
  return tables.liveCustomer(customerId)?.version === expectedVersion;
}

export function putCustomer(tables: ProfileTables, customer: CustomerRecord): void {
  if (externalIdOwner(tables, customer)) {
    throw new VaultError("external_id_taken", "Another customer has this external id.");
  }
  tables.customers.put(customer.customerId, customer);
}

export function externalIdOwner(tables: ProfileTables, customer: CustomerRecord): CustomerRecord | undefined {
  if (customer.externalId === null || customer.deletedAt !== null) return undefined;
  return tables.customers.find(
    (other) =>
      other.externalId === customer.externalId && other.deletedAt === null && other.customerId !== customer.customerId,
  );
}

/** Of the customer's own items; others are left as they are. */
export function setLifecycles<Row extends FieldRow | AssetRow>(
  table: InMemoryTable<Row>,
  changes: readonly LifecycleChange[],
  owner: { readonly fromId: CustomerId; readonly toId: CustomerId },
): void {
  for (const { id, ...lifecycle } of changes) {
    const row = table.get(id);
    if (row?.customerId === owner.fromId) table.put(id, { ...row, ...lifecycle, customerId: owner.toId });
  }
}
