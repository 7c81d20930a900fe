import { prevTxIdIn } from "../ledger/transaction.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";
import type { Examination } from "../verification/examine-docket.ts";
import { isInLog, logOf } from "../verification/log-tree.ts";
import { readDockets } from "../verified/register-reads.ts";
import { transactionAt, type VerifiedDocket } from "../verified/verified-docket.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";
import { type RefusedDocket, refused } from "./recovered-data.ts";

/** A docket that belongs where a damaged one is. */
export interface FittingDocket extends DocketBytes {
  readonly examination: Examination;
}

export interface FittingHoles {
  /** Ascending. */
  readonly fitting: readonly FittingDocket[];
  readonly refused: readonly RefusedDocket[];
  /** Whether something that was judged without them may be judged otherwise with them. */
  readonly changesOthers: boolean;
}

/**
 * Which of these dockets are those of a log that goes on behind them: valid by the keys of their heights, and with the hash that
 * the log has there. That shows an inclusion proof; where its hashes are lost, the docket behind it names its hash.
 *
 * @param dockets ascending, below the register's sound state
 */
export async function fitHoles(register: VerifiedRegister, dockets: readonly DocketBytes[]): Promise<FittingHoles> {
  const { registerId, parts, set, hints } = register;
  const { frontier, keys } = set.sound;
  const [examinations, proofs, neighbours] = await Promise.all([
    parts.examiner.examine(dockets, { registerId, keys }),
    hints.inclusion(
      dockets.map(({ height }) => height),
      frontier.size,
    ),
    neighboursOf(register, dockets),
  ]);
  const log = logOf(frontier);
  const fitting = new Map<bigint, FittingDocket>();
  const refusals: RefusedDocket[] = [];
  // From the last one on: each names the hash of the one before it.
  for (const [at, { height, bytes }] of [...dockets.entries()].toReversed()) {
    const examination = examinations[at] as Examination;
    const refusal = refusalOf(examination, {
      isInLog: isInLog({ height, hash: examination.header?.docketHash }, proofs[at], log),
      pinned: pinnedHash(height, { register, fitting, neighbours }),
    });
    if (refusal) refusals.unshift(refusal);
    else fitting.set(height, { height, bytes, examination });
  }
  const ascending = [...fitting.values()].toReversed();
  return { fitting: ascending, refused: refusals, changesOthers: changeOthers(ascending, neighbours) };
}

function refusalOf(
  { height, problem, header }: Examination,
  fit: { readonly isInLog: boolean; readonly pinned: string | undefined },
): RefusedDocket | undefined {
  if (problem || !header) return refused(height, "not_valid", problem?.details ?? "The bytes are no docket.");
  if (fit.isInLog || fit.pinned === header.docketHash) return undefined;
  if (fit.pinned === undefined) {
    return refused(height, "unconfirmed", "Nothing here says which docket was at this height.");
  }
  return refused(height, "fork", "Another docket than the one of the log is sealed for this height.");
}

/** The hash that the docket behind this one, or the head of the log, says it has. */
function pinnedHash(
  height: bigint,
  known: {
    readonly register: VerifiedRegister;
    readonly fitting: ReadonlyMap<bigint, FittingDocket>;
    readonly neighbours: ReadonlyMap<bigint, VerifiedDocket>;
  },
): string | undefined {
  const { sound } = known.register.set;
  const said =
    known.fitting.get(height + 1n)?.examination.header?.prevDocketHash ??
    known.neighbours.get(height + 1n)?.previousHash ??
    undefined;
  return said ?? (height + 1n === sound.frontier.size ? sound.framedHash : undefined);
}

/** The verified dockets right before and behind these. */
async function neighboursOf(
  register: VerifiedRegister,
  dockets: readonly DocketBytes[],
): Promise<ReadonlyMap<bigint, VerifiedDocket>> {
  const own = new Set(dockets.map(({ height }) => height));
  const heights = new Set(dockets.flatMap(({ height }) => [height - 1n, height + 1n]));
  const around = [...heights].filter((height) => height >= 0n && !own.has(height));
  const read = await readDockets(register, around);
  return new Map(read.map((docket) => [docket.height, docket]));
}

/** Keys that they change, and transactions that do not name the one before them. */
function changeOthers(fitting: readonly FittingDocket[], neighbours: ReadonlyMap<bigint, VerifiedDocket>): boolean {
  const repaired = new Map(fitting.map((docket) => [docket.height, docket.examination]));
  const lastTxIdAt = (height: bigint) =>
    repaired.get(height)?.lastTxId ?? neighbours.get(height)?.transactionIds.at(-1);
  const follows = (height: bigint, prevTxId: string | undefined) => {
    const before = lastTxIdAt(height - 1n);
    return before === undefined || prevTxId === before;
  };
  const areAllInOrder = fitting.every(({ height, examination }) => {
    const behind = neighbours.get(height + 1n);
    const first = behind && transactionAt(behind, 0);
    const isFollowed = !first || follows(height + 1n, prevTxIdIn(first.body));
    return examination.isInOrder && follows(height, examination.firstPrevTxId) && isFollowed;
  });
  return !areAllInOrder || fitting.some(({ examination }) => examination.keyChanges.length > 0);
}
