import { appendAudit } from "../audit/in-memory-audit-rows.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId } from "../identifiers.ts";
import type { FieldDefinition } from "../schema/field-definition.ts";
import type { InMemoryTable } from "../storage/in-memory/in-memory-tables.ts";
import { compareText } from "../text-order.ts";
import type { ApplyOutcome, ChangeSet, PurgeSet } from "./change-set.ts";
import type { ChannelIdentity } from "./customer.ts";
import type { FieldInsert } from "./field-version.ts";
import { DEPENDENTS_NAMED_MAX, hasDependents } from "./has-dependents.ts";
import { assertAssetConstraints, assertFieldConstraints } from "./in-memory-profile-constraints.ts";
import { type AssetRow, type FieldRow, identityKey, type ProfileTables } from "./in-memory-profile-tables.ts";
import { externalIdOwner, isCurrent, putCustomer, setLifecycles } from "./in-memory-row-writes.ts";
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

export function applyChanges(tables: ProfileTables, changes: ChangeSet): ApplyOutcome {
  const { customerId, endFields = [], endAssets = [], insertFields = [], insertAssets = [] } = changes;
  if (!isCurrent(tables, customerId, changes.expectedVersion)) return "stale";
  putCustomer(tables, { ...changes.customer, version: changes.expectedVersion + 1 });
  const owner = { fromId: customerId, toId: customerId };
  setLifecycles(tables.fields, endFields, owner);
  setLifecycles(tables.assets, endAssets, owner);
  insertItems(
    tables,
    tables.fields,
    insertFields.map((field) => ({ ...field, isPii: isPersonal(tables, field) })),
  );
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

/** A definition may have made the field personal data since the write was planned. */
function isPersonal(tables: ProfileTables, { name, isPii }: FieldInsert): boolean {
  const definitions = tables.base.table<FieldDefinition>("field_definitions");
  return isPii || definitions.find((definition) => definition.isPii && definition.name === name) !== undefined;
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
  if (changes.releaseKeys) releaseKeys(tables, changes.customerId);
  for (const identity of changes.updateIdentities ?? []) putOwnIdentity(tables, changes.customerId, identity);
  for (const identity of changes.insertIdentities ?? []) {
    if (tables.identities.get(identityKey(identity))) {
      throw new VaultError("identity_taken", "Another customer owns this channel identity.");
    }
    tables.identities.put(identityKey(identity), { ...identity, customerId: changes.customerId });
  }
}

function releaseKeys(tables: ProfileTables, customerId: CustomerId): void {
  for (const identity of tables.identitiesOf(customerId)) tables.identities.delete(identityKey(identity));
  for (const merged of tables.customers.filter((each) => each.mergedIntoId === customerId)) {
    if (merged.externalId !== null) {
      tables.customers.put(merged.customerId, { ...merged, externalId: null, version: merged.version + 1 });
    }
    releaseKeys(tables, merged.customerId);
  }
}

function putOwnIdentity(tables: ProfileTables, customerId: CustomerId, identity: ChannelIdentity): void {
  const row = tables.identities.get(identityKey(identity));
  if (row?.customerId === customerId) tables.identities.put(identityKey(identity), { ...identity, customerId });
}

export function purgeItems(tables: ProfileTables, changes: PurgeSet): ApplyOutcome {
  if (!isCurrent(tables, changes.customerId, changes.expectedVersion)) return "stale";
  const ids = new Set<string>(changes.itemIds);
  const children = changes.itemIds.flatMap((id) => tables.childrenOf(id));
  const dependents = new Set(
    children.filter((child) => child.deletedAt === null && !ids.has(child.id)).map((child) => child.id),
  );
  if (dependents.size > 0) throw hasDependents([...dependents].sort().slice(0, DEPENDENTS_NAMED_MAX));
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
  for (const { itemId, customerId } of touched) {
    const row = tables.item(itemId);
    if (!row) continue;
    const change = { ...lifecycleOf(row), ...stamp, id: itemId, status, endedAt: pass.now };
    const owner = { fromId: customerId, toId: customerId };
    if ("valueType" in row) setLifecycles(tables.fields, [change], owner);
    else setLifecycles(tables.assets, [change], owner);
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
