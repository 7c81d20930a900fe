import type { Instant } from "../../clock.ts";
import { isVaultError, VaultError } from "../../errors.ts";
import { type Charter, isCharterOf } from "../ledger/charter.ts";
import { decodeFrame } from "../ledger/docket-frame.ts";
import { charterIn, readTransaction } from "../ledger/transaction.ts";
import { rootOf } from "../merkle/frontier.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import type { PinnedCheckpoints } from "../trust/pinned-checkpoints.ts";
import { type ChainState, stateOfCharter } from "../verification/chain-state.ts";
import type { ChainVerdict } from "../verification/chain-verifier.ts";
import { logOf, type TrustedLog } from "../verification/log-tree.ts";
import { IndexKeeper } from "./index-keeper.ts";
import type { JudgedHeights } from "./range-book.ts";
import type { RegisterCondition } from "./register-condition.ts";
import type { RegisterParts } from "./register-parts.ts";
import { TreeHints } from "./tree-hints.ts";
import { VerifiedSet } from "./verified-set.ts";
import { type JudgedDocket, type LedgerVerificationOptions, verifyLedger } from "./verify-ledger.ts";

/** What a verification begins with. */
export interface VerificationPlan {
  readonly start: ChainState;
  readonly trusted: readonly TrustedLog[];
  /** Dockets that are stored. */
  readonly count: bigint;
  /** Dockets that there ought to be. */
  readonly total: bigint;
  readonly begunAt: Instant;
}

/**
 * Where a verification has to begin, from what is kept outside the database. Rejects with `integrity_violation` when
 * nothing says what the register's first keys are.
 *
 * @param everything whether a snapshot does not count
 * @param head what this process has verified to the end: the register must still be that, and may be more
 */
export async function planVerification(
  parts: RegisterParts,
  everything: boolean,
  head?: ChainState,
): Promise<VerificationPlan> {
  const { ledger, pins, registerId, clock } = parts;
  const begunAt = clock.now();
  await ledger.refreshRepairs();
  const charter = pins.charter ?? (await charterOfGenesis(parts));
  if (!charter) {
    throw new VaultError(
      "integrity_violation",
      "The first docket of the register is damaged, and with it its charter.",
      {
        hint: "Name a peer that has the register in register.peers, or restore the folder register.trustDirectory.",
      },
    );
  }
  await pins.keepCharter(charter);
  const snapshot = await parts.snapshots.load(registerId);
  const trusted = logsOf(pins, snapshot, head);
  // After what is trusted: another process may add dockets at any time, and then pin or save where they end.
  const count = await ledger.count();
  const total = [count, ...trusted.map(({ size }) => size)].reduce((most, size) => (size > most ? size : most));
  const isGood = snapshot !== undefined && snapshot.frontier.size <= count && agreesWithPins(snapshot, parts);
  const isUsable =
    isGood && !everything && (await isIndexed(snapshot, parts)) && !(await isKnownDamaged(snapshot, parts));
  const start = isUsable ? snapshot : stateOfCharter(registerId, charter);
  return { start, trusted, count, total, begunAt };
}

/** Reads and judges everything from where the plan begins, telling the condition how far it is. */
export async function runVerification(
  parts: RegisterParts,
  plan: VerificationPlan,
  run: {
    readonly condition: RegisterCondition;
    readonly signal: AbortSignal;
    readonly onBatch: (transactions: number) => void;
    readonly onJudged?: ((judged: readonly JudgedDocket[]) => Promise<void>) | undefined;
  },
): Promise<ChainVerdict> {
  const { condition, signal, onBatch, onJudged } = run;
  const { start, total, trusted } = plan;
  const nothing = { total, examined: start.frontier.size, ranges: [], sound: start };
  condition.begin(new VerifiedSet(nothing, trusted.at(-1)));
  return await judgeStored(parts, plan, {
    signal,
    async onJudged(judged, verifier) {
      await onJudged?.(judged);
      const { ranges, sound } = verifier.verdict();
      condition.judge({ examined: verifier.next, ranges, sound });
      onBatch(judged.reduce((sum, { transactionCount }) => sum + transactionCount, 0));
    },
  });
}

/** Reads and judges everything from where the plan begins, takes into the index what is good, and out of the book. */
export async function judgeStored(
  parts: RegisterParts,
  { start, trusted, total, begunAt }: Omit<VerificationPlan, "count">,
  run: Pick<LedgerVerificationOptions, "signal" | "onJudged"> = {},
): Promise<ChainVerdict> {
  const hints = new TreeHints(parts.store);
  const keeper = await IndexKeeper.open(parts);
  const leaves = new Map<bigint, Uint8Array>();
  const verdict = await verifyLedger({
    ledger: parts.ledger,
    examiner: parts.examiner,
    start,
    end: total,
    trusted,
    batchSize: parts.settings.verificationBatchSize,
    parallelism: parts.settings.verificationParallelism,
    signal: run.signal,
    onSubtree: keeper.onSubtree,
    leafHint: (height) => leaves.get(height),
    onUnknown: async (first, last) => {
      for (const [height, leaf] of await hints.leaves(first, last)) leaves.set(height, leaf);
    },
    onJudged: async (judged, verifier) => {
      await keeper.keep(judged);
      await run.onJudged?.(judged, verifier);
    },
  });
  await tellBook(parts, { from: start.frontier.size, ranges: verdict.ranges, since: begunAt });
  return verdict;
}

/** What the book cannot be told stays in it, and is told by the next verification. */
async function tellBook({ ranges }: RegisterParts, judged: JudgedHeights): Promise<void> {
  try {
    await ranges.judged(judged);
  } catch (error) {
    if (!isVaultError(error)) throw error;
  }
}

async function charterOfGenesis({ ledger, registerId }: RegisterParts): Promise<Charter | undefined> {
  const bytes = await ledger.read(0n);
  const record = bytes && decodeFrame(bytes)?.records[0];
  const transaction = record && readTransaction(record);
  const charter = transaction && charterIn(transaction.body);
  return isCharterOf(registerId, charter) ? charter : undefined;
}

/** What the register is known to have been, by size, ascending. */
export async function trustedLogs({ pins, snapshots, registerId }: RegisterParts): Promise<readonly TrustedLog[]> {
  return logsOf(pins, await snapshots.load(registerId));
}

/** Of one size the pinned one, then that of the first state. */
function logsOf(pins: PinnedCheckpoints, ...states: readonly (ChainState | undefined)[]): readonly TrustedLog[] {
  const logs = new Map<bigint, TrustedLog>();
  for (const state of states.toReversed()) if (state) logs.set(state.frontier.size, logOf(state.frontier));
  for (const pinned of pins.all) logs.set(pinned.size, pinned);
  return [...logs.values()].sort((a, b) => (a.size < b.size ? -1 : 1));
}

/** An index that was restored from an older backup is made again by a verification from the first docket on. */
async function isIndexed({ frontier }: ChainState, { store }: RegisterParts): Promise<boolean> {
  return (await store.indexedCount()) >= frontier.size;
}

/** What was found damaged since the snapshot was made is not to be taken for sound because of it. */
async function isKnownDamaged({ frontier }: ChainState, { ranges }: RegisterParts): Promise<boolean> {
  return (await ranges.open()).some(({ startHeight }) => startHeight < frontier.size);
}

function agreesWithPins({ frontier }: ChainState, { pins }: RegisterParts): boolean {
  const pinned = pins.all.find(({ size }) => size === frontier.size);
  return pinned === undefined || sameHash(pinned.root, rootOf(frontier));
}
