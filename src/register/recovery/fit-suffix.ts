import { setImmediate as nextTurn } from "node:timers/promises";
import { appendLeaf, type Frontier, rootOf } from "../merkle/frontier.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import type { TreeNode } from "../register-store.ts";
import type { ChainState } from "../verification/chain-state.ts";
import type { ChainVerdict } from "../verification/chain-verifier.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import type { TrustedLog } from "../verification/log-tree.ts";
import { collecting } from "../verified/tree-nodes.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { type JudgedDocket, verifyLedger } from "../verified/verify-ledger.ts";
import { type RecoveredData, type RefusedDocket, refused } from "./recovered-data.ts";

/** About five milliseconds. */
const LEAVES_PER_TURN = 4_096n;

export interface FittingSuffix {
  /** Ascending, from the register's sound state on. */
  readonly fitting: readonly DocketBytes[];
  /** What the docket behind them is judged by. */
  readonly state: ChainState;
  /** Of the log, as the dockets complete them. */
  readonly nodes: readonly TreeNode[];
  readonly refused: RefusedDocket | undefined;
}

/**
 * How many of these dockets go on with the register where its sound state ends. Where a trusted log is as long, or longer,
 * they have to be those of it: sealed with a stolen key is not good enough.
 *
 * @param dockets ascending without a gap, from the sound state on
 * @param trusted by size, ascending
 */
export async function fitSuffix(
  register: VerifiedRegister,
  dockets: readonly DocketBytes[],
  { trusted, leafHint }: Pick<RecoveredData, "leafHint"> & { readonly trusted: readonly TrustedLog[] },
): Promise<FittingSuffix> {
  const { sound } = register.set;
  const from = sound.frontier.size;
  let fitting = dockets;
  let refusal: RefusedDocket | undefined;
  while (fitting.length > 0) {
    const judged = await judgeChain(register, fitting, trusted);
    const good = goodLength(judged, from);
    if (good < fitting.length) {
      refusal ??= refusalAt(from + BigInt(good), judged);
      fitting = fitting.slice(0, good);
      continue;
    }
    const { state, nodes } = judged;
    if (await leadsToTrust(register, state.frontier, { trusted, leafHint })) {
      return { fitting, state, nodes, refused: refusal };
    }
    refusal ??= refused(from, "unconfirmed", "Nothing here says that these are the dockets of the trusted log.");
    fitting = fitting.slice(0, lengthUpToTrust(fitting.length, { from, trusted }));
  }
  return { fitting: [], state: sound, nodes: [], refused: refusal };
}

interface JudgedChain {
  readonly verdict: ChainVerdict;
  readonly state: ChainState;
  readonly nodes: readonly TreeNode[];
  readonly judged: readonly JudgedDocket[];
}

async function judgeChain(
  register: VerifiedRegister,
  dockets: readonly DocketBytes[],
  trusted: readonly TrustedLog[],
): Promise<JudgedChain> {
  const { parts, set } = register;
  const { verificationBatchSize: batchSize, verificationParallelism: parallelism } = parts.settings;
  const end = set.sound.frontier.size + BigInt(dockets.length);
  const nodes: TreeNode[] = [];
  const judged: JudgedDocket[] = [];
  const verdict = await verifyLedger({
    ledger: { scan: () => stepsOf(dockets, batchSize) },
    examiner: parts.examiner,
    start: set.sound,
    end,
    trusted: trusted.filter(({ size }) => size <= end),
    batchSize,
    parallelism,
    onSubtree: collecting(nodes),
    onJudged: (batch) => void judged.push(...batch),
  });
  return { verdict, state: verdict.sound, nodes, judged };
}

async function* stepsOf(dockets: readonly DocketBytes[], size: number) {
  for (let at = 0; at < dockets.length; at += size) {
    yield dockets.slice(at, at + size).map((docket) => ({ ...docket, agrees: true, isRepair: true }));
  }
}

/** How many there are before the first that is not good. */
function goodLength({ verdict, judged }: JudgedChain, from: bigint): number {
  const { trust, ranges, sound } = verdict;
  if (trust === "disproved") return Number(sound.frontier.size - from);
  const first = ranges[0]?.start;
  return first === undefined ? judged.length : Number(first - from);
}

function refusalAt(height: bigint, { verdict }: JudgedChain): RefusedDocket {
  const range = verdict.ranges.find(({ start, end }) => start <= height && height <= end);
  // Checks of links are made last, so that everything else about the docket is right: its seal, for one.
  if (!range || range.type === "BrokenChainLink") {
    return refused(height, "fork", "The dockets are sealed, and not those of this log.");
  }
  return refused(height, "not_valid", range.details);
}

/** Whether the next longer trusted log begins with this one: by the hashes that are known here, or by those that were sent. */
async function leadsToTrust(
  { hints }: VerifiedRegister,
  frontier: Frontier,
  { trusted, leafHint }: Pick<RecoveredData, "leafHint"> & { readonly trusted: readonly TrustedLog[] },
): Promise<boolean> {
  const next = trusted.find(({ size }) => size >= frontier.size);
  if (!next || next.size === frontier.size) return true;
  const known = await hints.leaves(frontier.size, next.size - 1n);
  const sent = leafHint ?? (() => undefined);
  return (
    (await isTrustedWith(frontier, next, (height) => known.get(height) ?? sent(height))) ||
    (await isTrustedWith(frontier, next, (height) => sent(height) ?? known.get(height)))
  );
}

/** Others have their turn meanwhile: there may be as many leaves as a register has dockets. */
async function isTrustedWith(
  frontier: Frontier,
  { size, root }: TrustedLog,
  leafAt: (height: bigint) => Uint8Array | undefined,
): Promise<boolean> {
  let grown = frontier;
  while (grown.size < size) {
    if (grown.size % LEAVES_PER_TURN === 0n) await nextTurn();
    const leaf = leafAt(grown.size);
    if (leaf?.length !== root.length) return false;
    grown = appendLeaf(grown, leaf);
  }
  return sameHash(rootOf(grown), root);
}

/** Up to the longest trusted log that ends among so many dockets, the last one excepted. */
function lengthUpToTrust(
  count: number,
  { from, trusted }: { readonly from: bigint; readonly trusted: readonly TrustedLog[] },
): number {
  const lengths = trusted.map(({ size }) => Number(size - from)).filter((length) => length > 0 && length < count);
  return lengths.at(-1) ?? 0;
}
