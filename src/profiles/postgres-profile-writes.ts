import type { AuditEventInsert } from "../audit/audit-event.ts";
import {
  AUDIT_INSERT_COLUMNS,
  AUDIT_RECORD_MEMBERS,
  auditRecordSet,
  auditRecords,
} from "../audit/postgres-audit-rows.ts";
import type { ItemId, TenantId } from "../identifiers.ts";
import type { SqlRow, SqlSession, SqlStatement } from "../storage/postgres/sql-database.ts";
import type { ApplyOutcome, MergeChange, PurgeSet } from "./change-set.ts";
import type { CustomerRecord } from "./customer.ts";
import { hasDependents } from "./has-dependents.ts";
import { isCurrentlyActive } from "./item.ts";
import {
  CREATE_CUSTOMER,
  CREATE_CUSTOMER_WITH_BOTH_KEYS,
  INSERT_MERGE,
  LIVE_DEPENDENTS,
  LOCK_CUSTOMERS,
  MARK_MERGE_UNDONE,
  MOVE_ASSETS,
  MOVE_CONSENTS,
  MOVE_FIELDS,
  MOVE_IDENTITIES,
  PURGE_ASSETS,
  PURGE_FIELDS,
  PUT_CUSTOMER,
  REMOVE_CUSTOMER,
  SET_FIELD_LIFECYCLES,
  SET_IDENTITIES,
} from "./postgres-write-statements.ts";
import type { LifecyclePass, NewCustomer, TouchedItem } from "./profile-store.ts";

/* The rare writes that take several statements. Each but a pass runs in the transaction its session is. */

const APPEND_AUDIT: SqlStatement = {
  name: "append_audit",
  text: `insert into audit_events (${AUDIT_INSERT_COLUMNS}) select $1, ${AUDIT_RECORD_MEMBERS} from ${auditRecordSet("$2")}`,
};

async function appendAudit(
  session: SqlSession,
  tenantId: TenantId,
  events: readonly AuditEventInsert[],
): Promise<void> {
  if (events.length > 0) await session.query(APPEND_AUDIT, [tenantId, JSON.stringify(auditRecords(events))]);
}

/** No key is ever taken with an error, after which a surrounding transaction could not go on. */
export async function createCustomer(
  session: SqlSession,
  tenantId: TenantId,
  { customer, identity, audit }: NewCustomer,
): Promise<"created" | "taken"> {
  const rows = [[customer], identity ? [identity] : [], auditRecords(audit)];
  const values = [tenantId, ...rows.map((each) => JSON.stringify(each))];
  if (identity === null || customer.externalId === null) {
    const [row] = await session.query(CREATE_CUSTOMER, values);
    return row?.["created"] === 1 ? "created" : "taken";
  }
  return session.transaction(async (transaction) => {
    const [row] = await transaction.query(CREATE_CUSTOMER_WITH_BOTH_KEYS, values);
    if (row?.["leftover"] === 1) await transaction.query(REMOVE_CUSTOMER, [tenantId, customer.customerId]);
    return row?.["created"] === 1 ? "created" : "taken";
  });
}

interface Expected {
  readonly customer: CustomerRecord;
  readonly expectedVersion: number;
}

/** Locks the customers in the order of their ids and tells whether all stand at the expected versions. */
async function lockAt(session: SqlSession, tenantId: TenantId, expected: readonly Expected[]): Promise<boolean> {
  const ids = expected.map(({ customer }) => customer.customerId);
  const rows = await session.query<{ id: string; version: number }>(LOCK_CUSTOMERS, [tenantId, ids]);
  const versions = new Map(rows.map((row) => [row.id, row.version]));
  return expected.every(({ customer, expectedVersion }) => versions.get(customer.customerId) === expectedVersion);
}

async function putCustomer(session: SqlSession, tenantId: TenantId, customer: CustomerRecord): Promise<void> {
  await session.query(PUT_CUSTOMER, [tenantId, customer.customerId, JSON.stringify([customer])]);
}

export async function purgeItems(session: SqlSession, tenantId: TenantId, changes: PurgeSet): Promise<ApplyOutcome> {
  if (!(await lockAt(session, tenantId, [changes]))) return "stale";
  const dependents = await session.query<{ id: string }>(LIVE_DEPENDENTS, [tenantId, changes.itemIds]);
  if (dependents.length > 0) throw hasDependents(dependents.map((row) => row.id));
  await putCustomer(session, tenantId, { ...changes.customer, version: changes.expectedVersion + 1 });
  const statement = changes.kind === "profile_field" ? PURGE_FIELDS : PURGE_ASSETS;
  await session.query(statement, [tenantId, changes.customerId, changes.itemIds]);
  await appendAudit(session, tenantId, changes.audit);
  return "applied";
}

/**
 * The order keeps the unique index on active versions satisfied at every step: first what stops being active,
 * then what moves, last what becomes active again where it is.
 */
export async function applyMergeChange(
  session: SqlSession,
  tenantId: TenantId,
  change: MergeChange,
): Promise<ApplyOutcome> {
  if (!(await lockAt(session, tenantId, [change.from, change.to]))) return "stale";
  if (!(await putMergeRecord(session, tenantId, change))) return "stale";
  const fromId = change.from.customer.customerId;
  const toId = change.to.customer.customerId;
  // The giver first: an external id must be free before the receiver can carry it.
  await putCustomer(session, tenantId, change.from.customer);
  await putCustomer(session, tenantId, change.to.customer);
  const move = async (statement: SqlStatement, rows: readonly object[]): Promise<void> => {
    if (rows.length > 0) await session.query(statement, [tenantId, fromId, toId, JSON.stringify(rows)]);
  };
  const setLifecycles = async (rows: readonly object[]): Promise<void> => {
    if (rows.length > 0) await session.query(SET_FIELD_LIFECYCLES, [tenantId, JSON.stringify(rows)]);
  };
  await setLifecycles(change.endFields.filter((field) => !isCurrentlyActive(field)));
  await move(MOVE_FIELDS, change.moveFields);
  await move(MOVE_ASSETS, change.moveAssets);
  await setLifecycles(change.endFields.filter(isCurrentlyActive));
  if (change.updateIdentities.length > 0) {
    await session.query(SET_IDENTITIES, [tenantId, [fromId, toId], JSON.stringify(change.updateIdentities)]);
  }
  await move(MOVE_IDENTITIES, change.moveIdentities);
  if (change.moveConsents.length > 0) {
    await session.query(MOVE_CONSENTS, [tenantId, fromId, toId, change.moveConsents]);
  }
  await appendAudit(session, tenantId, change.audit);
  return "applied";
}

/** Returns false for the undoing of a merge that was undone already. */
async function putMergeRecord(session: SqlSession, tenantId: TenantId, change: MergeChange): Promise<boolean> {
  if ("insert" in change.record) {
    const { mergeId, sourceCustomerId, targetCustomerId, mergedAt, preImage } = change.record.insert;
    const values = [tenantId, mergeId, sourceCustomerId, targetCustomerId, mergedAt, JSON.stringify(preImage)];
    await session.query(INSERT_MERGE, values);
    return true;
  }
  const marked = await session.query(MARK_MERGE_UNDONE, [tenantId, change.record.markUndone, change.record.at]);
  return marked.length === 1;
}

/** Each try is a transaction of its own, so that none waits for a customer while it holds those of the one before. */
export async function runPass(
  session: SqlSession,
  tenantId: TenantId,
  { statement, pass }: { statement: SqlStatement; pass: LifecyclePass },
): Promise<readonly TouchedItem[]> {
  for (;;) {
    const touched = await session.transaction(async (transaction) => {
      const values = [tenantId, pass.now, pass.customerId, pass.limit];
      const rows = await transaction.query<PassRow>(statement, values);
      const items = rows.filter((row): row is PassRow & TouchedItem => row.itemId !== null);
      await appendAudit(transaction, tenantId, items.map(pass.auditOf));
      return rows.length > 0 && items.length === 0 ? OVERTAKEN : items;
    });
    if (touched !== OVERTAKEN) return touched;
  }
}

/** Others ended every item of the batch while it waited for their customers; more may be due. */
const OVERTAKEN = "overtaken";

/** Without an item where there was a batch of which nothing was left. */
type PassRow = SqlRow & { readonly itemId: ItemId | null };
