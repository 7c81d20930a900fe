import type { AuditEventId } from "../../identifiers.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import { readTransaction } from "../ledger/transaction.ts";
import type { DocketIndex, IndexedTransaction, TreeNode } from "../register-store.ts";

/**
 * What is looked up by of a docket, as its bytes say.
 *
 * @param subjectIdOf the item or other thing that an event is about, where that is known
 */
export function docketIndexOf(
  height: bigint,
  bytes: Uint8Array,
  options: { readonly nodes: readonly TreeNode[]; readonly subjectIdOf?: (eventId: string) => string | null },
): DocketIndex {
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
        subjectId: eventId === undefined ? null : (options.subjectIdOf?.(eventId) ?? null),
      },
    ];
  });
  return { height, transactions, nodes: options.nodes };
}
