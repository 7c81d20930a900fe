import { appendAudit } from "../audit/in-memory-audit-rows.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { InMemoryTable } from "../storage/in-memory/in-memory-database.ts";
import type { ApplyOutcome, ChangeSet, LifecycleChange, MergeChange, PurgeSet } from "./change-set.ts";
import type { ChannelIdentity, CustomerRecord } from "./customer.ts";
import { hasDependents } from "./has-dependents.ts";
import { assertAssetConstraints, assertFieldConstraints } from "./in-memory-profile-constraints.ts";
import {
  type AssetRow,
  compareText,
  type FieldRow,
  identityKey,
  type ProfileTables,
} from "./in-memory-profile-tables.ts";
import { isCurrentlyActive, lifecycleOf } from "./item.ts";
import type { LifecyclePass, NewCustomer, TouchedItem } from "./profile-store.ts";

/* The writes of the in-process engine. Each runs inside one unit of work: a throw undoes it. */

export function createCustomer(tables: ProfileTables, created: NewCustomer): "created" | "taken" {
  const { customer, identity } = created;
  if (tables.customers.get(customer.customerId)) {
    throw new VaultError("internal_error", "A customer with this id exists already.");
  }
  if (externalIdOwner(tables, customer) !== undefined) return "taken";
  if (identity && tables.identities.get(identityKey(identity))) return "taken";
  tables.customers.put(customer.customerId, customer);
  if (identity) tables.identities.put(identityKey(identity), { ...identity, customerId: customer.customerId });
  appendAudit(tables.base, created.audit);
  return "created";
}

function externalIdOwner(tables: ProfileTables, customer: CustomerRecord): CustomerRecord | undefined {
  if (customer.externalId === null || customer.deletedAt !== null) return undefined;
  return tables.customers.find(
    (other) =>
      other.externalId === customer.externalId && other.deletedAt === null && other.customerId !== customer.customerId,
  );
}

export function applyChanges(tables: ProfileTables, changes: ChangeSet): ApplyOutcome {
  const { customerId, endFields = [], endAssets = [], insertFields = [], insertAssets = [] } = changes;
  if (!isCurrent(tables, customerId, changes.expectedVersion)) return "stale";
  putCustomer(tables, { ...changes.customer, version: changes.expectedVersion + 1 });
  setLifecycles(tables.fields, customerId, endFields);
  setLifecycles(tables.assets, customerId, endAssets);
  insertItems(tables, tables.fields, insertFields);
  insertItems(tables, tables.assets, insertAssets);
  assertFieldConstraints(tables, [...endFields, ...insertFields]);
  assertAssetConstraints(tables, [...endAssets, ...insertAssets]);
  changeIdentities(tables, changes);
  for (const consent of changes.insertConsents ?? []) {
    tables.consents.put(consent.id, { ...consent, customerId, sequence: tables.base.nextSequence() });
  }
  appendAudit(tables.base, changes.audit);
  return "applied";
}

function isCurrent(tables: ProfileTables, customerId: CustomerId, expectedVersion: number): boolean {
  return tables.liveCustomer(customerId)?.version === expectedVersion;
}

function putCustomer(tables: ProfileTables, customer: CustomerRecord): void {
  if (externalIdOwner(tables, customer)) {
    throw new VaultError("external_id_taken", "Another customer has this external id.");
  }
  tables.customers.put(customer.customerId, customer);
}

/** Of the customer's own items; others are left as they are. Moves them when `toId` says so. */
function setLifecycles<Row extends FieldRow | AssetRow>(
  table: InMemoryTable<Row>,
  customerId: CustomerId,
  changes: readonly LifecycleChange[],
  toId: CustomerId = customerId,
): void {
  for (const { id, ...lifecycle } of changes) {
    const row = table.get(id);
    if (row?.customerId === customerId) table.put(id, { ...row, ...lifecycle, customerId: toId });
  }
}

function insertItems<Row extends FieldRow | AssetRow>(
  tables: ProfileTables,
  table: InMemoryTable<Row>,
  items: readonly Omit<Row, "sequence">[],
): void {
  for (const item of items) {
    if (tables.item(item.id)) throw new VaultError("item_exists", "An item with this id exists already.");
    table.put(item.id, { ...item, sequence: tables.base.nextSequence() } as Row);
  }
}

function changeIdentities(tables: ProfileTables, changes: ChangeSet): void {
  if (changes.releaseIdentities) {
    for (const identity of tables.identitiesOf(changes.customerId)) tables.identities.delete(identityKey(identity));
  }
  for (const identity of changes.updateIdentities ?? []) putOwnIdentity(tables, changes.customerId, identity);
  for (const identity of changes.insertIdentities ?? []) {
    if (tables.identities.get(identityKey(identity))) {
      throw new VaultError("identity_taken", "Another customer owns this channel identity.");
    }
    tables.identities.put(identityKey(identity), { ...identity, customerId: changes.customerId });
  }
}

function putOwnIdentity(tables: ProfileTables, customerId: CustomerId, identity: ChannelIdentity): void {
  const row = tables.identities.get(identityKey(identity));
  if (row?.customerId === customerId) tables.identities.put(identityKey(identity), { ...identity, customerId });
}

export function purgeItems(tables: ProfileTables, changes: PurgeSet): ApplyOutcome {
  if (!isCurrent(tables, changes.customerId, changes.expectedVersion)) return "stale";
  const ids = new Set<string>(changes.itemIds);
  const dependents = changes.itemIds
    .flatMap((id) => tables.childrenOf(id))
    .filter((child) => child.deletedAt === null && !ids.has(child.id));
  if (dependents.length > 0) throw hasDependents(dependents.map((item) => item.id));
  putCustomer(tables, { ...changes.customer, version: changes.expectedVersion + 1 });
  if (changes.kind === "profile_field") purgeFrom(tables.fields, changes);
  else purgeFrom(tables.assets, changes);
  appendAudit(tables.base, changes.audit);
  return "applied";
}

function purgeFrom<Row extends FieldRow | AssetRow>(table: InMemoryTable<Row>, changes: PurgeSet): void {
  for (const id of changes.itemIds) {
    if (table.get(id)?.customerId !== changes.customerId) continue;
    table.delete(id);
    for (const row of table.filter((each) => each.supersededById === id)) {
      table.put(row.id, { ...row, supersededById: null });
    }
  }
}

export function applyMergeChange(tables: ProfileTables, change: MergeChange): ApplyOutcome {
  const { from, to } = change;
  const fromId = from.customer.customerId;
  const toId = to.customer.customerId;
  if (!isCurrent(tables, fromId, from.expectedVersion) || !isCurrent(tables, toId, to.expectedVersion)) return "stale";
  putCustomer(tables, from.customer);
  putCustomer(tables, to.customer);
  for (const owner of [fromId, toId]) setLifecycles(tables.fields, owner, change.endFields);
  setLifecycles(tables.fields, fromId, change.moveFields, toId);
  setLifecycles(tables.assets, fromId, change.moveAssets, toId);
  assertFieldConstraints(tables, [...change.moveFields, ...change.endFields]);
  assertAssetConstraints(tables, change.moveAssets);
  moveBelongings(tables, change, { fromId, toId });
  appendAudit(tables.base, change.audit);
  return "applied";
}

function moveBelongings(
  tables: ProfileTables,
  change: MergeChange,
  { fromId, toId }: { fromId: CustomerId; toId: CustomerId },
): void {
  for (const identity of change.updateIdentities.map((each) => ({ ...each, customerId: toId }))) {
    const row = tables.identities.get(identityKey(identity));
    if (row) tables.identities.put(identityKey(identity), { ...identity, customerId: row.customerId });
  }
  for (const identity of change.moveIdentities) {
    const row = tables.identities.get(identityKey(identity));
    if (row?.customerId === fromId) tables.identities.put(identityKey(identity), { ...identity, customerId: toId });
  }
  for (const id of change.moveConsents) {
    const row = tables.consents.get(id);
    if (row?.customerId === fromId) tables.consents.put(id, { ...row, customerId: toId });
  }
  if ("insert" in change.record) tables.merges.put(change.record.insert.mergeId, change.record.insert);
  else {
    const merge = tables.merges.get(change.record.markUndone);
    if (merge) tables.merges.put(merge.mergeId, { ...merge, undoneAt: change.record.at });
  }
}

export function runPass(
  tables: ProfileTables,
  status: "expired" | "orphaned",
  pass: LifecyclePass,
): readonly TouchedItem[] {
  const isDue = (item: Parameters<ProfileTables["isOrphaned"]>[0]): boolean =>
    isCurrentlyActive(item) &&
    (pass.customerId === null || item.customerId === pass.customerId) &&
    tables.liveCustomer(item.customerId) !== undefined &&
    (status === "expired" ? item.expiresAt !== null && item.expiresAt <= pass.now : tables.isOrphaned(item));
  const stamp = status === "expired" ? { expiredAt: pass.now } : { orphanedAt: pass.now };
  const due = [...tables.fields.values(), ...tables.assets.values()].filter(isDue).slice(0, pass.limit);
  const touched = due.map((row): TouchedItem => {
    const { id: itemId, type: kind, customerId, name } = tables.lineageItemOf(row);
    return { itemId, kind, customerId, name };
  });
  touched.sort((a, b) => compareText(a.customerId, b.customerId) || compareText(a.itemId, b.itemId));
  for (const { itemId, kind, customerId } of touched) {
    const table = kind === "profile_field" ? tables.fields : tables.assets;
    const row = tables.item(itemId);
    if (!row) continue;
    setLifecycles<FieldRow | AssetRow>(table as InMemoryTable<FieldRow | AssetRow>, customerId, [
      { ...lifecycleOf(row), ...stamp, id: itemId, status, endedAt: pass.now },
    ]);
  }
  for (const customerId of new Set(touched.map((item) => item.customerId))) bump(tables, customerId, pass);
  appendAudit(tables.base, touched.map(pass.auditOf));
  return touched;
}

function bump(tables: ProfileTables, customerId: CustomerId, pass: LifecyclePass): void {
  const customer = tables.liveCustomer(customerId);
  if (!customer) return;
  const updatedAt = customer.updatedAt > pass.now ? customer.updatedAt : pass.now;
  tables.customers.put(customerId, { ...customer, version: customer.version + 1, updatedAt });
}
