import { appendAudit } from "../audit/in-memory-audit-rows.ts";
import type { CustomerId } from "../identifiers.ts";
import type { ApplyOutcome, MergeChange } from "./change-set.ts";
import { assertAssetConstraints, assertFieldConstraints } from "./in-memory-profile-constraints.ts";
import { identityKey, type ProfileTables } from "./in-memory-profile-tables.ts";
import { isCurrent, putCustomer, setLifecycles } from "./in-memory-row-writes.ts";

interface Owners {
  readonly fromId: CustomerId;
  readonly toId: CustomerId;
}

/** Moves what belongs to one customer to another, inside one unit of work: a throw undoes it. */
export function applyMergeChange(tables: ProfileTables, change: MergeChange): ApplyOutcome {
  const { from, to } = change;
  const owners: Owners = { fromId: from.customer.customerId, toId: to.customer.customerId };
  const current =
    isCurrent(tables, owners.fromId, from.expectedVersion) && isCurrent(tables, owners.toId, to.expectedVersion);
  if (!current || !putMergeRecord(tables, change)) return "stale";
  // The giver first: an external id must be free before the receiver can carry it.
  putCustomer(tables, from.customer);
  putCustomer(tables, to.customer);
  for (const id of [owners.fromId, owners.toId])
    setLifecycles(tables.fields, change.endFields, { fromId: id, toId: id });
  setLifecycles(tables.fields, change.moveFields, owners);
  setLifecycles(tables.assets, change.moveAssets, owners);
  assertFieldConstraints(tables, [...change.moveFields, ...change.endFields]);
  assertAssetConstraints(tables, change.moveAssets);
  moveIdentities(tables, change, owners);
  moveConsents(tables, change, owners);
  appendAudit(tables.base, change.audit);
  return "applied";
}

/** Returns false for the undoing of a merge that was undone already. */
function putMergeRecord(tables: ProfileTables, { record }: MergeChange): boolean {
  if ("insert" in record) {
    tables.merges.put(record.insert.mergeId, record.insert);
    return true;
  }
  const merge = tables.merges.get(record.markUndone);
  if (!merge || merge.undoneAt !== null) return false;
  tables.merges.put(merge.mergeId, { ...merge, undoneAt: record.at });
  return true;
}

function moveIdentities(tables: ProfileTables, change: MergeChange, { fromId, toId }: Owners): void {
  for (const identity of change.updateIdentities) {
    const row = tables.identities.get(identityKey(identity));
    if (row?.customerId === fromId || row?.customerId === toId) {
      tables.identities.put(identityKey(identity), { ...identity, customerId: row.customerId });
    }
  }
  for (const identity of change.moveIdentities) {
    const row = tables.identities.get(identityKey(identity));
    if (row?.customerId === fromId) tables.identities.put(identityKey(identity), { ...identity, customerId: toId });
  }
}

function moveConsents(tables: ProfileTables, change: MergeChange, { fromId, toId }: Owners): void {
  for (const id of change.moveConsents) {
    const row = tables.consents.get(id);
    if (row?.customerId === fromId) tables.consents.put(id, { ...row, customerId: toId });
  }
}
