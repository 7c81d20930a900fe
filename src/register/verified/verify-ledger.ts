import { invariant } from "../../errors.ts";
import type { LedgerLog, LedgerRow } from "../ledger-log/ledger-log.ts";
import type { ChainState } from "../verification/chain-state.ts";
import { type ChainVerdict, ChainVerifier, type ChainVerifierOptions } from "../verification/chain-verifier.ts";
import { type DocketProblem, NO_DOCKET, ROW_DISAGREES } from "../verification/corruption.ts";
import type { DocketExaminer } from "../verification/docket-examiner.ts";
import { type Examination, nothingRead } from "../verification/examine-docket.ts";

/** A docket with the first check that it failed. What comes later may clear it of check 8 or 13. */
export interface JudgedDocket {
  readonly height: bigint;
  /** `undefined` when there is none. */
  readonly bytes: Uint8Array | undefined;
  readonly problem: DocketProblem | undefined;
  readonly transactionCount: number;
}

/** The docket that was judged, if it is there and passed so far. */
export function soundOf({ height, bytes, problem }: JudgedDocket): readonly { height: bigint; bytes: Uint8Array }[] {
  return bytes && !problem ? [{ height, bytes }] : [];
}

export interface LedgerVerificationOptions extends Omit<ChainVerifierOptions, "start"> {
  readonly ledger: Pick<LedgerLog, "scan">;
  readonly examiner: DocketExaminer;
  readonly start: ChainState;
  /** The first height that need not hold a docket. */
  readonly end: bigint;
  /** Dockets that are read and examined together. */
  readonly batchSize: number;
  /** Batches that are examined at a time. */
  readonly parallelism: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Is told, and waited for, when dockets from the first to the last height are missing, or not what was sealed for them, so
   * that hints for what stands in their place can be looked up.
   */
  readonly onUnknown?: ((first: bigint, last: bigint) => Promise<void>) | undefined;
  /** Is told each batch, in order, when its dockets are judged. The next ones wait for it. */
  readonly onJudged?: ((judged: readonly JudgedDocket[], verifier: ChainVerifier) => Promise<void> | void) | undefined;
}

/**
 * Reads the dockets of a register from one height on, examines them on other threads and judges them in their order. At most
 * `parallelism` batches are in memory, and one that is being read. Never rejects because of what it finds.
 */
export async function verifyLedger(options: LedgerVerificationOptions): Promise<ChainVerdict> {
  const { ledger, start, end, batchSize, parallelism, signal } = options;
  const verifier = new ChainVerifier(options);
  const from = start.frontier.size;
  if (from >= end) return verifier.verdict();
  const pending: Promise<ExaminedBatch>[] = [];
  const judgeFirst = async (): Promise<void> => {
    const batch = await pending.shift();
    if (batch) await judge(batch, verifier, options);
  };
  try {
    for await (const rows of ledger.scan({ from, to: end - 1n, batchSize, signal })) {
      pending.push(examined(rows, verifier, options));
      // A rejection is met when the batch's turn comes; until then nobody listens.
      pending.at(-1)?.catch(() => undefined);
      if (pending.length >= parallelism) await judgeFirst();
    }
    while (pending.length > 0) await judgeFirst();
  } finally {
    await Promise.allSettled(pending);
  }
  await judgeMissing(end, verifier, options);
  return verifier.verdict();
}

interface ExaminedBatch {
  readonly rows: readonly LedgerRow[];
  readonly examinations: readonly Examination[];
}

async function examined(
  rows: readonly LedgerRow[],
  verifier: ChainVerifier,
  { examiner, start, signal }: LedgerVerificationOptions,
): Promise<ExaminedBatch> {
  const { registerId } = start;
  return { rows, examinations: await examiner.examine(rows, { registerId, keys: verifier.keys, signal }) };
}

async function judge(batch: ExaminedBatch, verifier: ChainVerifier, options: LedgerVerificationOptions): Promise<void> {
  const judged: JudgedDocket[] = [];
  let { examinations } = batch;
  for (const [at, row] of batch.rows.entries()) {
    await judgeMissing(row.height, verifier, options);
    // A docket before it may have changed the keys, and then all that is left is examined by those.
    if (examinations[at]?.keysVersion !== verifier.keys.version) {
      const rest = await examined(batch.rows.slice(at), verifier, options);
      examinations = [...examinations.slice(0, at), ...rest.examinations];
    }
    const examination = examinations[at];
    invariant(examination, "every docket is examined");
    const { transactionCount } = examination;
    const problem = verifier.add(withRow(row, examination));
    judged.push({ height: row.height, bytes: row.bytes, problem, transactionCount });
    if (!examination.header?.isSealed) await options.onUnknown?.(row.height, row.height);
  }
  await options.onJudged?.(judged, verifier);
}

/** What is kept beside the bytes is looked at before they are. */
function withRow({ agrees }: LedgerRow, examination: Examination): Examination {
  return agrees ? examination : { ...examination, problem: ROW_DISAGREES };
}

/** However many are missing, they are judged a batch at a time. */
async function judgeMissing(end: bigint, verifier: ChainVerifier, options: LedgerVerificationOptions): Promise<void> {
  if (verifier.next < end) await options.onUnknown?.(verifier.next, end - 1n);
  while (verifier.next < end) {
    const judged: JudgedDocket[] = [];
    while (verifier.next < end && judged.length < options.batchSize) {
      const height = verifier.next;
      const context = { height, keys: verifier.keys };
      const problem = verifier.add(nothingRead(context, NO_DOCKET));
      judged.push({ height, bytes: undefined, problem, transactionCount: 0 });
    }
    await options.onJudged?.(judged, verifier);
  }
}
