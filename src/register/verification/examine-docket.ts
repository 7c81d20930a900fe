import { hexOf } from "../../signatures/byte-text.ts";
import { domainSeparated } from "../../signatures/domain-separated.ts";
import { type DocketHeader, docketHashOf, prevDocketHashIn, readHeader, readSeal } from "../ledger/docket.ts";
import { type DocketFrame, decodeFrame } from "../ledger/docket-frame.ts";
import type { RecordSignature } from "../ledger/record-form.ts";
import { type KeyChange, readTransaction } from "../ledger/transaction.ts";
import { appendLeaf, EMPTY_FRONTIER, rootOf } from "../merkle/frontier.ts";
import { leafHash, sameHash } from "../merkle/tree-hash.ts";
import { type DocketProblem, type FailingTransaction, firstProblem } from "./corruption.ts";
import { examineTransactions } from "./examine-transactions.ts";
import { type ExaminationContext, signatureProblem } from "./signature-problem.ts";

/** What a header says; believed only when it is sealed. */
export interface ExaminedHeader {
  /** Of the header. */
  readonly docketHash: string;
  /** Whether the seal is valid and the place the right one, so that the header is what was sealed for it. */
  readonly isSealed: boolean;
  readonly prevDocketHash: string | undefined;
  readonly logRoot: string;
  readonly epoch: bigint;
  readonly sealedAt: number;
}

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
  /** `undefined` when it cannot be read. */
  readonly header: ExaminedHeader | undefined;
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
  const steps = examineInSteps(bytes, context);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** `examineDocket` for a thread that has other things to do: pauses after each transaction. */
export function* examineInSteps(bytes: Uint8Array, context: ExaminationContext): Generator<void, Examination, void> {
  const frame = decodeFrame(bytes);
  if (!frame) return nothingRead(context, { check: "frame", details: "The bytes are no frame of a docket." });
  const hash = docketHashOf(frame.header);
  const transactions = yield* examineTransactions(frame, context);
  const { header, problems } = examineHeader(frame, { hash, txRoot: transactions.root, context });
  return {
    height: context.height,
    keysVersion: context.keys.version,
    problem: firstProblem([hashProblem(frame, hash), ...problems, ...transactions.problems]),
    failing: transactions.failing,
    framedHash: hexOf(frame.docketHash),
    header,
    ...transactions.sayings,
    transactionCount: frame.records.length,
  };
}

/**
 * The first problem of a docket that is read again: as `examineDocket`, without the checks that say something else only if
 * the root over the records does. For a docket that the log is known to have at its height there are no others.
 */
export function problemOfCopy(frame: DocketFrame, context: ExaminationContext): DocketProblem | undefined {
  const hash = docketHashOf(frame.header);
  const records = frame.records.reduce((grown, record) => appendLeaf(grown, leafHash(record)), EMPTY_FRONTIER);
  const { problems } = examineHeader(frame, { hash, txRoot: rootOf(records), context });
  return firstProblem([hashProblem(frame, hash), ...problems, idsProblem(frame)]);
}

/** The ids are listed beside the records, and no root covers the list. */
function idsProblem({ txIds, records }: DocketFrame): DocketProblem | undefined {
  const areRight = records.every(
    (record, at) => readTransaction(record)?.txId === hexOf(txIds[at] ?? new Uint8Array()),
  );
  return areRight
    ? undefined
    : { check: "transactionForm", details: "A transaction is not what it should be: wrong_id." };
}

const UNREAD = {
  framedHash: undefined,
  header: undefined,
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

function examineHeader(
  frame: DocketFrame,
  { hash, txRoot, context }: { hash: Uint8Array; txRoot: Uint8Array; context: ExaminationContext },
): { readonly header: ExaminedHeader | undefined; readonly problems: readonly (DocketProblem | undefined)[] } {
  const header = readHeader(frame.header);
  const seal = readSeal(frame.seal);
  const formless: DocketProblem = { check: "form", details: "The header or the seal does not have its form." };
  if (!header) return { header: undefined, problems: [formless] };
  const sealProblem = seal ? problemOfSeal(header, seal, { hash, context }) : formless;
  const misplaced = placeProblem(header, context);
  const { logRoot, epoch, sealedAt } = header;
  return {
    header: {
      docketHash: hexOf(hash),
      isSealed: sealProblem === undefined && misplaced === undefined,
      prevDocketHash: prevDocketHashIn(header),
      logRoot,
      epoch: BigInt(epoch),
      sealedAt,
    },
    problems: [misplaced, sealProblem, countProblem(header, frame), rootProblem(header, txRoot)],
  };
}

function hashProblem({ docketHash }: DocketFrame, hash: Uint8Array): DocketProblem | undefined {
  if (sameHash(hash, docketHash)) return undefined;
  return { check: "docketHash", details: "The hash is not that of the header." };
}

function placeProblem({ registerId, height }: DocketHeader, context: ExaminationContext): DocketProblem | undefined {
  if (registerId === context.registerId && height === context.height.toString()) return undefined;
  return { check: "place", details: "The docket belongs to another register or another height." };
}

function countProblem({ txCount }: DocketHeader, { txIds, records }: DocketFrame): DocketProblem | undefined {
  if (txCount === txIds.length && txCount === records.length) return undefined;
  return { check: "count", details: "Transactions are missing, or there are more than the docket says." };
}

function rootProblem({ txRoot }: DocketHeader, root: Uint8Array): DocketProblem | undefined {
  if (hexOf(root) === txRoot) return undefined;
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
