import type { AuditEventInsert } from "../audit/audit-event.ts";
import type {
  DocketIndex,
  IndexedTransaction,
  RegisterRecord,
  RegisterStore,
  TreeNode,
} from "../register/register-store.ts";
import { NOW, newId } from "./profile-records.ts";
import { seededIds } from "./seeded-ids.ts";

const random = seededIds(20_261_130);

export function freshHash(): string {
  return Buffer.from(random.bytes(32)).toString("hex");
}

export function freshRegister(over: Partial<RegisterRecord> = {}): RegisterRecord {
  return { registerId: freshHash().slice(0, 32), kind: "own", createdAt: NOW, ...over };
}

/** Of no event, unless it is given one. */
export function freshTransaction(over: Partial<IndexedTransaction> = {}): IndexedTransaction {
  return {
    txId: freshHash(),
    height: 0n,
    position: 0,
    eventId: null,
    type: "genesis",
    subject: null,
    subjectId: null,
    ...over,
  };
}

export function transactionOfEvent(
  event: AuditEventInsert,
  over: Partial<IndexedTransaction> = {},
): IndexedTransaction {
  const { id: eventId, eventType: type, subjectId } = event;
  return freshTransaction({ eventId, type, subject: freshHash(), subjectId, ...over });
}

/** A docket of these transactions, which get their places in it. */
export function docketOf(height: bigint, ...transactions: readonly IndexedTransaction[]): DocketIndex {
  const placed = transactions.map((transaction, position) => ({ ...transaction, height, position }));
  return { height, transactions: placed, nodes: [leafAt(height)] };
}

function leafAt(index: bigint): TreeNode {
  return { level: 0, index, hash: freshHash() };
}

/** Indexes a docket of these transactions and resolves to them. */
export async function indexed(
  store: RegisterStore,
  height: bigint,
  ...transactions: readonly IndexedTransaction[]
): Promise<readonly IndexedTransaction[]> {
  const docket = docketOf(height, ...transactions);
  await store.index(docket);
  return docket.transactions;
}

/** More ids than one call may name. */
export function manyIds<T extends string>(count: number): readonly T[] {
  return Array.from({ length: count }, () => newId<T>());
}
