import type { AuditEvent } from "../audit/audit-event.ts";
import { AUDIT_TABLE, UNSEALED_TABLE, type UnsealedEvent } from "../audit/in-memory-audit-rows.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { docketRows, nodeRows, transactionRows } from "./in-memory-register-tables.ts";
import { subtreeKey } from "./merkle/subtree.ts";
import type { DocketIndex, IndexedTransaction } from "./register-store.ts";

/** Takes a docket into the index within the caller's unit of work. */
export function indexDocket(tables: InMemoryTables, { height, transactions, nodes }: DocketIndex): void {
  docketRows(tables).put(height.toString(), { height });
  for (const transaction of transactions) {
    const subjectId = transaction.subjectId ?? subjectIdOf(tables, transaction);
    addTransaction(tables, { ...transaction, height, subjectId });
    if (transaction.eventId !== null) tables.table(UNSEALED_TABLE).delete(transaction.eventId);
  }
  const rows = nodeRows(tables);
  for (const node of nodes) if (!rows.get(subtreeKey(node))) rows.put(subtreeKey(node), { ...node });
}

/** What the event is about, if it is in the journal. */
function subjectIdOf(tables: InMemoryTables, { eventId }: IndexedTransaction): string | null {
  return (eventId !== null && tables.table<AuditEvent>(AUDIT_TABLE).get(eventId)?.subjectId) || null;
}

/** Unless it is indexed already, or another one is at its place. */
function addTransaction(tables: InMemoryTables, transaction: IndexedTransaction): void {
  const { txId, height, position } = transaction;
  const rows = transactionRows(tables);
  if (rows.get(txId) || rows.find((row) => row.height === height && row.position === position)) return;
  rows.put(txId, transaction);
}

/** Forgets what the index says of a docket and of its transactions. */
export function dropIndexed(tables: InMemoryTables, { height, transactions }: DocketIndex): void {
  const rows = transactionRows(tables);
  for (const { txId } of rows.filter((row) => row.height === height)) rows.delete(txId);
  for (const { txId } of transactions) rows.delete(txId);
}

/** The heights of dockets whose transactions are not in the index as they are in the docket, ascending. */
export function misindexed(tables: InMemoryTables, dockets: readonly DocketIndex[]): bigint[] {
  const heights = new Set(dockets.map(({ height }) => height));
  const said = dockets.flatMap(({ transactions }) => transactions.map((each) => asIndexed(tables, each)));
  const indexed = transactionRows(tables).filter(({ height }) => heights.has(height));
  const missing = differenceOf(said, indexed);
  const alien = differenceOf(indexed, said);
  return [...new Set([...missing, ...alien].map(({ height }) => height))].sort((a, b) => (a < b ? -1 : 1));
}

/** With what its event is about, for which the index stands when neither the transaction nor the journal says it. */
function asIndexed(tables: InMemoryTables, transaction: IndexedTransaction): IndexedTransaction {
  const indexed = transactionRows(tables).get(transaction.txId)?.subjectId ?? null;
  return { ...transaction, subjectId: transaction.subjectId ?? subjectIdOf(tables, transaction) ?? indexed };
}

function differenceOf(
  some: readonly IndexedTransaction[],
  others: readonly IndexedTransaction[],
): IndexedTransaction[] {
  const keys = new Set(others.map(wholeOf));
  return some.filter((transaction) => !keys.has(wholeOf(transaction)));
}

function wholeOf({ txId, height, position, eventId, type, subject, subjectId }: IndexedTransaction): string {
  return JSON.stringify([txId, height.toString(), position, eventId, type, subject, subjectId]);
}

/** How many dockets there are from height 0 without a gap. */
export function countIndexed(tables: InMemoryTables): bigint {
  const rows = docketRows(tables);
  let count = 0n;
  while (rows.get(count.toString())) count += 1n;
  return count;
}

/** By their position in the journal. */
export function unsealedEvents(tables: InMemoryTables): AuditEvent[] {
  const events = tables.table<AuditEvent>(AUDIT_TABLE);
  const unsealed = [...tables.table<UnsealedEvent>(UNSEALED_TABLE).values()].map(({ id }) => events.get(id));
  return unsealed.filter((event) => event !== undefined).sort(byPosition);
}

function byPosition(a: AuditEvent, b: AuditEvent): number {
  return BigInt(a.sequence) < BigInt(b.sequence) ? -1 : 1;
}
