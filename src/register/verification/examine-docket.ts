import { hexOf } from "../../signatures/byte-text.ts";
import { domainSeparated } from "../../signatures/domain-separated.ts";
import { type DocketHeader, docketHashOf, prevDocketHashIn, readHeader, readSeal } from "../ledger/docket.ts";
import { type DocketFrame, decodeFrame } from "../ledger/docket-frame.ts";
import type { RecordSignature } from "../ledger/record-form.ts";
import { type KeyChange, keyChangesIn, prevTxIdIn, type ReadTransaction } from "../ledger/transaction.ts";
import { appendLeaf, EMPTY_FRONTIER, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";
import { type DocketProblem, type FailingTransaction, firstProblem } from "./corruption.ts";
import { examineTransaction } from "./examine-transaction.ts";
import { type ExaminationContext, signatureProblem } from "./signature-problem.ts";

/** What one docket says and whether that holds, as far as it can be told without its neighbours. */
export interface Examination {
  readonly height: bigint;
  /** Which keys it was judged by. */
  readonly keysVersion: number;
  /** The first of its own checks that failed. */
  readonly problem: DocketProblem | undefined;
  readonly failing: readonly FailingTransaction[];
  /** As the frame has it; `undefined` when there is no frame. 64 hexadecimal digits, like all hashes here. */
  readonly framedHash: string | undefined;
  /** Those of the header below, if that can be read. */
  readonly docketHash: string | undefined;
  /** Whether the seal is valid, so that the header is what its proposer sealed. */
  readonly isSealed: boolean;
  readonly prevDocketHash: string | undefined;
  readonly logRoot: string | undefined;
  readonly epoch: bigint | undefined;
  readonly sealedAt: number | undefined;
  readonly firstPrevTxId: string | undefined;
  readonly lastTxId: string | undefined;
  /** Whether each transaction but the first names the one before it. */
  readonly isInOrder: boolean;
  readonly keyChanges: readonly KeyChange[];
  readonly transactionCount: number;
}

/**
 * Makes the checks 3 to 7 and 9 to 12 of `docs/register-format.md`, and collects what the checks 8 and 13 need. Never
 * throws because of what the bytes hold; throws `unsupported` when this runtime cannot verify a known algorithm.
 */
export function examineDocket(bytes: Uint8Array, context: ExaminationContext): Examination {
  const frame = decodeFrame(bytes);
  if (!frame) return nothingRead(context, { check: "frame", details: "The bytes are no frame of a docket." });
  const header = readHeader(frame.header);
  const seal = readSeal(frame.seal);
  const hash = docketHashOf(frame.header);
  const sealProblem = header && seal ? problemOfSeal(header, seal, { hash, context }) : undefined;
  const transactions = examineTransactions(frame, context);
  const problem = firstProblem([
    header && seal ? undefined : { check: "form", details: "The header or the seal does not have its form." },
    header && placeProblem(header, context),
    sameHash(hash, frame.docketHash)
      ? undefined
      : { check: "docketHash", details: "The hash is not that of the header." },
    sealProblem,
    header && countProblem(header, frame),
    header && rootProblem(header, frame),
    ...transactions.problems,
  ]);
  return {
    height: context.height,
    keysVersion: context.keys.version,
    problem,
    failing: transactions.failing,
    framedHash: hexOf(frame.docketHash),
    docketHash: header && hexOf(hash),
    isSealed: header !== undefined && seal !== undefined && sealProblem === undefined,
    ...sayings(header),
    ...transactions.sayings,
    transactionCount: frame.records.length,
  };
}

const UNREAD = {
  framedHash: undefined,
  docketHash: undefined,
  isSealed: false,
  prevDocketHash: undefined,
  logRoot: undefined,
  epoch: undefined,
  sealedAt: undefined,
  firstPrevTxId: undefined,
  lastTxId: undefined,
  isInOrder: true,
  keyChanges: [],
  transactionCount: 0,
} as const;

/** Of a docket that there is nothing to be read of. */
export function nothingRead(
  { height, keys }: Pick<ExaminationContext, "height" | "keys">,
  problem: DocketProblem,
): Examination {
  return { height, keysVersion: keys.version, problem, failing: [], ...UNREAD };
}

function sayings(header: DocketHeader | undefined) {
  return {
    prevDocketHash: header && prevDocketHashIn(header),
    logRoot: header?.logRoot,
    epoch: header && BigInt(header.epoch),
    sealedAt: header?.sealedAt,
  };
}

function placeProblem({ registerId, height }: DocketHeader, context: ExaminationContext): DocketProblem | undefined {
  if (registerId === context.registerId && height === context.height.toString()) return undefined;
  return { check: "place", details: "The docket belongs to another register or another height." };
}

function countProblem({ txCount }: DocketHeader, { txIds, records }: DocketFrame): DocketProblem | undefined {
  if (txCount === txIds.length && txCount === records.length) return undefined;
  return { check: "count", details: "Transactions are missing, or there are more than the docket says." };
}

function rootProblem({ txRoot }: DocketHeader, { records }: DocketFrame): DocketProblem | undefined {
  const frontier = records.reduce((grown, record) => appendLeaf(grown, leafHash(record)), EMPTY_FRONTIER);
  if (hexOf(rootOf(frontier)) === txRoot) return undefined;
  return { check: "root", details: "The root over the transactions is another one." };
}

function problemOfSeal(
  { proposer }: DocketHeader,
  seal: RecordSignature,
  { hash, context }: { readonly hash: Uint8Array; readonly context: ExaminationContext },
): DocketProblem | undefined {
  if (seal.keyId !== proposer) return { check: "seal", details: "The seal is not the proposer's." };
  const problem = signatureProblem(seal, { message: domainSeparated("docket", hash), purpose: "docket", context });
  return problem && { check: "seal", details: `The seal is not valid: ${problem}.` };
}

interface ExaminedTransactions {
  readonly problems: readonly (DocketProblem | undefined)[];
  readonly failing: readonly FailingTransaction[];
  readonly sayings: Pick<Examination, "firstPrevTxId" | "lastTxId" | "isInOrder" | "keyChanges">;
}

function examineTransactions(frame: DocketFrame, context: ExaminationContext): ExaminedTransactions {
  const failing: FailingTransaction[] = [];
  const keyChanges: KeyChange[] = [];
  let form: DocketProblem | undefined;
  let signature: DocketProblem | undefined;
  let isInOrder = true;
  let first: ReadTransaction | undefined;
  let before: ReadTransaction | undefined;
  frame.records.forEach((record, position) => {
    const { transaction, problem, isForm } = examineTransaction(record, {
      context,
      position,
      listed: frame.txIds[position],
    });
    if (problem) {
      const listed = frame.txIds[position];
      failing.push({ txId: listed ? hexOf(listed) : (transaction?.txId ?? ""), problem });
      if (isForm) form ??= { check: "transactionForm", details: `A transaction is not what it should be: ${problem}.` };
      else signature ??= { check: "signature", details: `A transaction is not signed as it has to be: ${problem}.` };
    }
    if (transaction) keyChanges.push(...keyChangesIn(transaction.body));
    if (position === 0) first = transaction;
    else if (!transaction || prevTxIdIn(transaction.body) !== before?.txId) isInOrder = false;
    before = transaction;
  });
  const sayings = {
    firstPrevTxId: first && prevTxIdIn((first as ReadTransaction).body),
    lastTxId: (before as ReadTransaction | undefined)?.txId,
    isInOrder,
    keyChanges,
  };
  return { problems: [form, signature], failing, sayings };
}
