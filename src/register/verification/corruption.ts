/** What can be wrong with the docket at a height. */
export const CORRUPTION_TYPES = [
  "InvalidDocketHash",
  "BrokenChainLink",
  "InvalidTransactionSignature",
  "MissingData",
  "MalformedData",
] as const;
export type CorruptionType = (typeof CORRUPTION_TYPES)[number];

/** The checks of `docs/register-format.md`, in the order in which they are made. */
export const CHECKS = {
  presence: { order: 1, type: "MissingData" },
  row: { order: 2, type: "MalformedData" },
  frame: { order: 3, type: "MalformedData" },
  form: { order: 4, type: "MalformedData" },
  place: { order: 5, type: "MalformedData" },
  docketHash: { order: 6, type: "InvalidDocketHash" },
  seal: { order: 7, type: "InvalidDocketHash" },
  link: { order: 8, type: "BrokenChainLink" },
  count: { order: 9, type: "MissingData" },
  root: { order: 10, type: "InvalidDocketHash" },
  transactionForm: { order: 11, type: "MalformedData" },
  signature: { order: 12, type: "InvalidTransactionSignature" },
  order: { order: 13, type: "BrokenChainLink" },
} as const satisfies Readonly<Record<string, { readonly order: number; readonly type: CorruptionType }>>;
export type Check = keyof typeof CHECKS;

/** A check that failed. */
export interface DocketProblem {
  readonly check: Check;
  /** For people; quotes nothing of what was found. */
  readonly details: string;
}

/** Why a transaction is not accepted: stable names, for callers and for the journal. */
export type TransactionProblem =
  | "malformed"
  | "too_large"
  | "wrong_register"
  | "wrong_id"
  | "wrong_type"
  | "wrong_charter"
  | "algorithm_mismatch"
  | "signature_invalid"
  | "key_unknown"
  | "key_not_yet_valid"
  | "key_retired"
  | "key_revoked"
  | "key_purpose";

export interface FailingTransaction {
  /** The id that the docket lists at its place, or that it has itself. */
  readonly txId: string;
  readonly problem: TransactionProblem;
}

/** Neighbouring heights with the same thing wrong. */
export interface CorruptedHeights {
  readonly start: bigint;
  readonly end: bigint;
  readonly type: CorruptionType;
  readonly details: string;
  readonly failing: readonly FailingTransaction[];
}

/** It passes all checks of its own, and still is another one than the log has. */
export const NOT_IN_LOG: DocketProblem = {
  check: "link",
  details: "The docket is not the one that the log has at its height.",
};
export const NO_DOCKET: DocketProblem = { check: "presence", details: "There is no docket." };
export const ROW_DISAGREES: DocketProblem = {
  check: "row",
  details: "What is kept beside the docket does not agree with it.",
};

const FAILING_MAX = 1_000;

/** Appends a height to ranges that end below it: neighbours of one type are one range. */
export function withHeight(ranges: CorruptedHeights[], found: CorruptedHeights): void {
  const last = ranges.at(-1);
  if (last?.type !== found.type || last.end + 1n !== found.start) {
    ranges.push(found);
    return;
  }
  const failing = [...last.failing, ...found.failing].slice(0, FAILING_MAX);
  ranges[ranges.length - 1] = { ...last, end: found.end, failing };
}

export function typeOf({ check }: DocketProblem): CorruptionType {
  return CHECKS[check].type;
}

/** The one whose check is made first. */
export function firstProblem(problems: readonly (DocketProblem | undefined)[]): DocketProblem | undefined {
  let first: DocketProblem | undefined;
  for (const problem of problems) {
    if (problem && (!first || CHECKS[problem.check].order < CHECKS[first.check].order)) first = problem;
  }
  return first;
}
