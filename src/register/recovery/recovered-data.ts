import type { CorruptedHeights } from "../verification/corruption.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";

/** Dockets that somebody else says are those that are damaged here. */
export interface RecoveredData {
  /** Ascending, each height once. */
  readonly dockets: readonly DocketBytes[];
  /** Who sent them. */
  readonly source: string;
  /** What is said there to stand in the log for dockets behind these: 32 bytes. Shows itself true by a trusted root. */
  readonly leafHint?: ((height: bigint) => Uint8Array | undefined) | undefined;
}

/** Why a docket was not taken. */
export type RecoveryProblem =
  /** It does not verify, or is no docket of the place. */
  | "not_valid"
  /** It is sealed as it has to be, and not the one that the register's log has at the height. */
  | "fork"
  /** Whether it is the one cannot be told from what is here. */
  | "unconfirmed"
  /** Dockets before it are missing still. */
  | "early";

/** What came of recovered data. */
export interface RecoveryResult {
  /** Whether every docket was taken, or was there. */
  readonly isSuccess: boolean;
  readonly docketsRecovered: number;
  readonly transactionsRecovered: number;
  /** Of the first docket that was not taken. */
  readonly problem?: RecoveryProblem;
  readonly errorMessage?: string;
  /** What is damaged still. */
  readonly remainingCorruption: readonly CorruptedHeights[];
}

/** A docket that is not taken. */
export interface RefusedDocket {
  readonly height: bigint;
  readonly problem: RecoveryProblem;
  readonly message: string;
}

export function refused(height: bigint, problem: RecoveryProblem, message: string): RefusedDocket {
  return { height, problem, message };
}
