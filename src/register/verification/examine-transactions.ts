import { hexOf } from "../../signatures/byte-text.ts";
import type { DocketFrame } from "../ledger/docket-frame.ts";
import type { KeyChange } from "../ledger/transaction.ts";
import { appendLeaf, EMPTY_FRONTIER, rootOf } from "../merkle/frontier.ts";
import { leafHash } from "../merkle/tree-hash.ts";
import type { DocketProblem, FailingTransaction } from "./corruption.ts";
import { type ExaminedTransaction, examineTransaction } from "./examine-transaction.ts";
import type { ExaminationContext } from "./signature-problem.ts";

/** What the transactions of a docket say, and whether that holds. */
export interface ExaminedTransactions {
  readonly problems: readonly (DocketProblem | undefined)[];
  readonly failing: readonly FailingTransaction[];
  /** Over the records: 32 bytes. */
  readonly root: Uint8Array;
  readonly sayings: {
    readonly firstPrevTxId: string | undefined;
    readonly lastTxId: string | undefined;
    readonly isInOrder: boolean;
    readonly keyChanges: readonly KeyChange[];
  };
}

/** Makes the checks 11 and 12 of `docs/register-format.md`; pauses after each transaction. */
export function* examineTransactions(
  { records, txIds }: DocketFrame,
  context: ExaminationContext,
): Generator<void, ExaminedTransactions, void> {
  const found: ExaminedTransaction[] = [];
  let frontier = EMPTY_FRONTIER;
  for (const [position, record] of records.entries()) {
    found.push(examineTransaction(record, { context, position, listed: txIds[position] }));
    frontier = appendLeaf(frontier, leafHash(record));
    yield;
  }
  const failing = found.flatMap(({ transaction, problem }, position) => {
    const listed = txIds[position];
    // What has no id, listed or its own, cannot be named.
    const txId = listed ? hexOf(listed) : transaction?.txId;
    return problem && txId !== undefined ? [{ txId, problem }] : [];
  });
  return {
    problems: [formProblem(found), signingProblem(found)],
    failing,
    root: rootOf(frontier),
    sayings: sayingsOf(found),
  };
}

function sayingsOf(found: readonly ExaminedTransaction[]): ExaminedTransactions["sayings"] {
  const transactions = found.map(({ transaction }) => transaction);
  return {
    firstPrevTxId: transactions[0]?.prevTxId,
    lastTxId: transactions.at(-1)?.txId,
    isInOrder: transactions.every(
      (each, at) => at === 0 || (each !== undefined && each.prevTxId === transactions[at - 1]?.txId),
    ),
    keyChanges: transactions.flatMap((each) => each?.keyChanges ?? []),
  };
}

function formProblem(found: readonly ExaminedTransaction[]): DocketProblem | undefined {
  const problem = found.find(({ isForm }) => isForm)?.problem;
  return problem && { check: "transactionForm", details: `A transaction is not what it should be: ${problem}.` };
}

function signingProblem(found: readonly ExaminedTransaction[]): DocketProblem | undefined {
  const problem = found.find(({ isForm, problem: any }) => !isForm && any)?.problem;
  return problem && { check: "signature", details: `A transaction is not signed as it has to be: ${problem}.` };
}
