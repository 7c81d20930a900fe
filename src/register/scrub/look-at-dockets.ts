import type { LedgerRow } from "../ledger-log/ledger-log.ts";
import { type DocketProblem, NO_DOCKET, NOT_IN_LOG, ROW_DISAGREES } from "../verification/corruption.ts";
import type { Examination } from "../verification/examine-docket.ts";
import { isInLog, logOf } from "../verification/log-tree.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";

/** A docket that was verified once and is not what is stored any more. */
export interface FoundDamage {
  readonly height: bigint;
  readonly problem: DocketProblem;
}

export interface ScrubbedDockets {
  readonly damaged: readonly FoundDamage[];
  readonly sound: readonly LedgerRow[];
}

/**
 * Verifies what is stored of dockets that count as verified, from the ground up: what is kept beside the bytes, the docket, and
 * that it is the one that the log has. Reads nothing from memory.
 *
 * @param first inclusive, like `last`
 */
export async function lookAtDockets(register: VerifiedRegister, first: bigint, last: bigint): Promise<ScrubbedDockets> {
  const { parts, set, registerId } = register;
  const { keys } = set.sound;
  const heights: bigint[] = [];
  for (let height = first; height <= last; height++) if (set.absenceOf(height) === undefined) heights.push(height);
  const rows = await rowsOf(register, first, last);
  const stored = heights.flatMap((height) => rows.get(height) ?? []);
  const examinations = await parts.examiner.examine(stored, { registerId, keys });
  const examined = new Map(examinations.map((examination) => [examination.height, examination]));
  const own = new Map(heights.map((height) => [height, ownProblem(rows.get(height), examined.get(height))]));
  const sound = heights.flatMap((height) => (own.get(height) ? [] : (examined.get(height) ?? [])));
  const strangers = new Set(await notInLog(register, sound));
  const damaged = heights.flatMap((height) => {
    const problem = own.get(height) ?? (strangers.has(height) ? NOT_IN_LOG : undefined);
    return problem ? [{ height, problem }] : [];
  });
  const unsound = new Set(damaged.map(({ height }) => height));
  return { damaged, sound: stored.filter(({ height }) => !unsound.has(height)) };
}

async function rowsOf({ parts }: VerifiedRegister, from: bigint, to: bigint): Promise<ReadonlyMap<bigint, LedgerRow>> {
  const rows = new Map<bigint, LedgerRow>();
  const { verificationBatchSize: batchSize } = parts.settings;
  for await (const step of parts.ledger.scan({ from, to, batchSize }))
    for (const row of step) rows.set(row.height, row);
  return rows;
}

function ownProblem(row: LedgerRow | undefined, examination: Examination | undefined): DocketProblem | undefined {
  if (!row || !examination) return NO_DOCKET;
  return row.agrees ? examination.problem : ROW_DISAGREES;
}

/** Those that the log does not have at their heights, although its nodes were made again if they said so. */
async function notInLog(register: VerifiedRegister, examinations: readonly Examination[]): Promise<readonly bigint[]> {
  const strangers = await strangersAmong(register, examinations);
  if (strangers.length === 0 || !(await register.rebuildNodes())) return strangers;
  return await strangersAmong(register, examinations);
}

async function strangersAmong(
  { set, hints }: VerifiedRegister,
  examinations: readonly Examination[],
): Promise<readonly bigint[]> {
  const { frontier } = set.sound;
  const inLog = examinations.filter(({ height }) => height < frontier.size);
  const proofs = await hints.inclusion(
    inLog.map(({ height }) => height),
    frontier.size,
  );
  const log = logOf(frontier);
  const proven = new Set(
    inLog.filter(({ height, header }, at) => isInLog({ height, hash: header?.docketHash }, proofs[at], log)),
  );
  return examinations.filter((each) => !proven.has(each)).map(({ height }) => height);
}
