import type { AuditEventId } from "../../identifiers.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import { readTransaction } from "../ledger/transaction.ts";
import type { DocketIndex, IndexedTransaction, TreeNode } from "../register-store.ts";

/** What is looked up by of a docket, as its bytes say; what its events are about is for the journal to say. */
export function docketIndexOf(height: bigint, bytes: Uint8Array, nodes: readonly TreeNode[]): DocketIndex {
  const records = decodeFrame(bytes)?.records ?? [];
  const transactions = records.flatMap((record, position): IndexedTransaction[] => {
    const transaction = readTransaction(record);
    if (!transaction) return [];
    const { txId, body } = transaction;
    const { eventId, eventType, subject } = body as { eventId?: string; eventType?: string; subject?: string };
    return [
      {
        txId,
        height,
        position,
        eventId: (eventId as AuditEventId | undefined) ?? null,
        type: eventType ?? body.type,
        subject: subject ?? null,
        subjectId: null,
      },
    ];
  });
  return { height, transactions, nodes };
}
