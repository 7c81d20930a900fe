import type { LedgerRow } from "../ledger-log/ledger-log.ts";
import { type DocketProblem, NO_DOCKET, ROW_DISAGREES } from "../verification/corruption.ts";
import type { Examination } from "../verification/examine-docket.ts";
import { isInLog } from "../verification/log-tree.ts";
import { docketOf } from "../verified/verified-docket.ts";
import type { VerifiedRegister } from "../verified/verified-register.ts";

/** A docket that was verified once and is not what is stored any more. */
export interface FoundDamage {
  readonly height: bigint;
  readonly problem: DocketProblem;
}

/**
 * Verifies what is stored of dockets that count as verified, from the ground up: what is kept beside the bytes, the docket, and
 * that it is the one that the log has. Reads nothing from memory.
 *
 * @param first inclusive, like `last`
 */
export async function lookAtDockets(
  register: VerifiedRegister,
  first: bigint,
  last: bigint,
): Promise<readonly FoundDamage[]> {
  const { parts, set, registerId } = register;
  const { frontier, keys } = set.sound;
  const heights: bigint[] = [];
  for (let height = first; height <= last; height++) if (set.absenceOf(height) === undefined) heights.push(height);
  const rows = await rowsOf(register, first, last + 1n);
  const stored = heights.flatMap((height) => rows.get(height) ?? []);
  const inLog = heights.filter((height) => height < frontier.size);
  const [examinations, proofs] = await Promise.all([
    parts.examiner.examine(stored, { registerId, keys }),
    register.hints.inclusion(inLog, frontier.size),
  ]);
  const examined = new Map(examinations.map((examination) => [examination.height, examination]));
  const proofOf = new Map(inLog.map((height, at) => [height, proofs[at]]));
  return heights.flatMap((height) => {
    const examination = examined.get(height);
    const problem = problemOf(examination, {
      row: rows.get(height),
      isInLog: isInLog(examination, proofOf.get(height), frontier),
      named: namedBy(register, height, rows),
    });
    return problem ? [{ height, problem }] : [];
  });
}

async function rowsOf({ parts }: VerifiedRegister, from: bigint, to: bigint): Promise<ReadonlyMap<bigint, LedgerRow>> {
  const rows = new Map<bigint, LedgerRow>();
  const { verificationBatchSize: batchSize } = parts.settings;
  for await (const step of parts.ledger.scan({ from, to, batchSize }))
    for (const row of step) rows.set(row.height, row);
  return rows;
}

function problemOf(
  examination: Examination | undefined,
  found: { readonly row: LedgerRow | undefined; readonly isInLog: boolean; readonly named: string | null | undefined },
): DocketProblem | undefined {
  const { row, isInLog: isProven, named } = found;
  if (!row || !examination) return NO_DOCKET;
  if (!row.agrees) return ROW_DISAGREES;
  if (examination.problem) return examination.problem;
  // Where the hashes of a proof are lost, the docket behind it names it.
  if (isProven || named === examination.header?.docketHash) return undefined;
  return { check: "link", details: "The docket is not the one that the log has at its height." };
}

/** What the docket behind it, or the head of the log, says its hash is. */
function namedBy(
  { set, parts }: VerifiedRegister,
  height: bigint,
  rows: ReadonlyMap<bigint, LedgerRow>,
): string | null | undefined {
  if (height + 1n === set.sound.frontier.size) return set.sound.framedHash;
  const behind = rows.get(height + 1n);
  return behind && docketOf(behind.bytes, parts.clock.now())?.previousHash;
}
