import { appendAudit } from "../audit/in-memory-audit-rows.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { ApplyOutcome, ChangeSet, LifecycleChange, MergeChange, PurgeSet } from "./change-set.ts";
import type { ChannelIdentity, CustomerRecord } from "./customer.ts";
import { hasDependents } from "./has-dependents.ts";
import { identityKey, type ProfileTables } from "./in-memory-profile-tables.ts";
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
  if (!isCurrent(tables, changes.customerId, changes.expectedVersion)) return "stale";
  if (externalIdOwner(tables, changes.customer)) {
    throw new VaultError("external_id_taken", "Another customer has this external id.");
  }
  tables.customers.put(changes.customerId, { ...changes.customer, version: changes.expectedVersion + 1 });
  for (const change of changes.endFields ?? []) setLifecycle(tables, "fields", change);
  for (const change of changes.endAssets ?? []) setLifecycle(tables, "assets", change);
  insertItems(tables, changes);
  changeIdentities(tables, changes);
  for (const consent of changes.insertConsents ?? []) {
    tables.consents.put(consent.id, {
      ...consent,
      customerId: changes.customerId,
      sequence: tables.base.nextSequence(),
    });
  }
  appendAudit(tables.base, changes.audit);
  return "applied";
}

function isCurrent(tables: ProfileTables, customerId: CustomerId, expectedVersion: number): boolean {
  return tables.liveCustomer(customerId)?.version === expectedVersion;
}

function setLifecycle(tables: ProfileTables, table: "fields" | "assets", change: LifecycleChange): void {
  const { id, ...lifecycle } = change;
  if (table === "fields") {
    const row = tables.fields.get(id);
    if (row) tables.fields.put(id, { ...row, ...lifecycle });
  } else {
    const row = tables.assets.get(id);
    if (row) tables.assets.put(id, { ...row, ...lifecycle });
  }
}

function insertItems(tables: ProfileTables, changes: ChangeSet): void {
  for (const field of changes.insertFields ?? []) {
    assertFree(tables, field.id);
    const row = { ...field, sequence: tables.base.nextSequence() };
    tables.assertOneActive(row);
    tables.fields.put(field.id, row);
  }
  for (const asset of changes.insertAssets ?? []) {
    assertFree(tables, asset.id);
    tables.assets.put(asset.id, { ...asset, sequence: tables.base.nextSequence() });
  }
}

function assertFree(tables: ProfileTables, id: string): void {
  if (tables.item(id)) throw new VaultError("item_exists", "An item with this id exists already.");
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
  tables.customers.put(changes.customerId, { ...changes.customer, version: changes.expectedVersion + 1 });
  for (const field of tables.fields.filter((row) => row.supersededById !== null && ids.has(row.supersededById))) {
    tables.fields.put(field.id, { ...field, supersededById: null });
  }
  for (const asset of tables.assets.filter((row) => row.supersededById !== null && ids.has(row.supersededById))) {
    tables.assets.put(asset.id, { ...asset, supersededById: null });
  }
  const table = changes.kind === "profile_field" ? tables.fields : tables.assets;
  for (const id of ids) table.delete(id);
  appendAudit(tables.base, changes.audit);
  return "applied";
}

export function applyMergeChange(tables: ProfileTables, change: MergeChange): ApplyOutcome {
  const { from, to } = change;
  const fromId = from.customer.customerId;
  const toId = to.customer.customerId;
  if (!isCurrent(tables, fromId, from.expectedVersion) || !isCurrent(tables, toId, to.expectedVersion)) return "stale";
  tables.customers.put(fromId, from.customer);
  tables.customers.put(toId, to.customer);
  for (const ended of change.endFields) setLifecycle(tables, "fields", ended);
  for (const { id, ...lifecycle } of change.moveFields) {
    const row = tables.fields.get(id);
    if (row) tables.fields.put(id, { ...row, ...lifecycle, customerId: toId });
  }
  for (const { id, ...lifecycle } of change.moveAssets) {
    const row = tables.assets.get(id);
    if (row) tables.assets.put(id, { ...row, ...lifecycle, customerId: toId });
  }
  for (const changed of [...change.moveFields, ...change.endFields]) {
    const row = tables.fields.get(changed.id);
    if (row) tables.assertOneActive(row);
  }
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
  const touched: TouchedItem[] = [];
  for (const kind of ["fields", "assets"] as const) {
    for (const row of [...tables[kind].values()].filter(isDue).slice(0, pass.limit - touched.length)) {
      setLifecycle(tables, kind, { ...lifecycleOf(row), ...stamp, id: row.id, status, endedAt: pass.now });
      touched.push({
        itemId: row.id,
        kind: kind === "fields" ? "profile_field" : "profile_asset",
        customerId: row.customerId,
        name: row.name,
      });
    }
  }
  for (const customerId of new Set(touched.map((item) => item.customerId))) bump(tables, customerId, pass);
  appendAudit(tables.base, touched.map(pass.auditOf));
  return touched.sort((a, b) => (a.customerId + a.itemId < b.customerId + b.itemId ? -1 : 1));
}

function bump(tables: ProfileTables, customerId: CustomerId, pass: LifecyclePass): void {
  const customer = tables.liveCustomer(customerId);
  if (!customer) return;
  const updatedAt = customer.updatedAt > pass.now ? customer.updatedAt : pass.now;
  tables.customers.put(customerId, { ...customer, version: customer.version + 1, updatedAt });
}
