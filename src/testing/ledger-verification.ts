import { type Charter, isCharterOf } from "../register/ledger/charter.ts";
import { decodeFrame } from "../register/ledger/docket-frame.ts";
import { charterIn, readTransaction } from "../register/ledger/transaction.ts";
import { type ChainState, stateOfCharter } from "../register/verification/chain-state.ts";
import {
  type ChainVerdict,
  ChainVerifier,
  type ChainVerifierOptions,
} from "../register/verification/chain-verifier.ts";
import type { CorruptionType, DocketProblem } from "../register/verification/corruption.ts";
import { type Examination, examineDocket, nothingRead } from "../register/verification/examine-docket.ts";
import { KeyDirectory } from "../register/verification/key-directory.ts";
import type { ExaminationContext } from "../register/verification/signature-problem.ts";
import { NODE_SIGNATURE_SUITES } from "../signatures/node-signature-suites.ts";

/** A register as somebody hands it over. */
export interface GivenLedger extends Pick<ChainVerifierOptions, "trusted" | "leafHint"> {
  readonly registerId: string;
  /** That of the register; when it is left out, that of the first record counts. */
  readonly charter?: Charter | undefined;
  /** By height. */
  readonly dockets: readonly (Uint8Array | undefined)[];
  /** Heights at which what is kept beside the bytes does not agree with them. */
  readonly disagreeing?: readonly number[] | undefined;
}

/** What is made of one height. */
export interface DocketVerdict {
  readonly height: number;
  /** `undefined` when the docket is served. */
  readonly type: CorruptionType | undefined;
  readonly transactionIds: readonly string[];
}

export type Examine = (bytes: Uint8Array, context: ExaminationContext) => Examination;

/** Verifies a register as its vault does when it starts, without threads and stores. */
export function verifyGivenLedger(
  given: GivenLedger,
  examine: Examine = examineDocket,
): { readonly verdict: ChainVerdict; readonly dockets: readonly DocketVerdict[] } {
  const { registerId, dockets, disagreeing = [], trusted = [], leafHint } = given;
  const verifier = new ChainVerifier({ start: startOf(given), trusted, leafHint });
  const size = Math.max(dockets.length, ...trusted.map((log) => Number(log.size)));
  const examinations: Examination[] = [];
  for (let height = 0; height < size; height++) {
    const context = { registerId, height: verifier.next, keys: verifier.keys, suites: NODE_SIGNATURE_SUITES };
    const bytes = dockets[height];
    const examination = bytes ? examine(bytes, context) : nothingRead(context, MISSING);
    examinations.push(bytes && disagreeing.includes(height) ? { ...examination, problem: DISAGREEING } : examination);
    verifier.add(examinations.at(-1) as Examination);
  }
  const verdict = verifier.verdict();
  return { verdict, dockets: examinations.map((examination, height) => verdictOf(examination, height, verdict)) };
}

const MISSING: DocketProblem = { check: "presence", details: "There is no docket." };
const DISAGREEING: DocketProblem = { check: "row", details: "What is kept beside the docket does not agree with it." };

function verdictOf({ failing }: Examination, height: number, { ranges }: ChainVerdict): DocketVerdict {
  const range = ranges.find(({ start, end }) => start <= BigInt(height) && BigInt(height) <= end);
  return { height, type: range?.type, transactionIds: failing.map(({ txId }) => txId) };
}

function startOf({ registerId, charter, dockets: [first] }: GivenLedger): ChainState {
  if (charter) return stateOfCharter(registerId, charter);
  const record = first && decodeFrame(first)?.records[0];
  const transaction = record && readTransaction(record);
  const known = transaction && charterIn(transaction.body);
  if (isCharterOf(registerId, known)) return stateOfCharter(registerId, known);
  const empty = { v: 1, hashAlg: "sha256", createdAt: 0, keys: [], nonce: "" } as const;
  return { ...stateOfCharter(registerId, empty), keys: KeyDirectory.of([], 0) };
}
