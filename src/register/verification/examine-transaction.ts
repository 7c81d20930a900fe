import { domainSeparated } from "../../signatures/domain-separated.ts";
import { registerIdOf } from "../ledger/charter.ts";
import { TRANSACTION_BYTES_MAX } from "../ledger/transaction.ts";
import { readFacts, type TransactionFacts } from "../ledger/transaction-facts.ts";
import { sameHash } from "../merkle/tree-hash.ts";
import type { TransactionProblem } from "./corruption.ts";
import { type ExaminationContext, signatureProblem } from "./signature-problem.ts";

/** What one record of a docket is. */
export interface ExaminedTransaction {
  /** `undefined` when the record is none. */
  readonly transaction: TransactionFacts | undefined;
  readonly problem: TransactionProblem | undefined;
  /** Whether the problem is one of form (check 11) and not of signatures (check 12). */
  readonly isForm: boolean;
}

/** @param listed the id that the docket has at this position */
export function examineTransaction(
  record: Uint8Array,
  place: { readonly context: ExaminationContext; readonly position: number; readonly listed: Uint8Array | undefined },
): ExaminedTransaction {
  const transaction = readFacts(record);
  if (!transaction) {
    const problem = record.length > TRANSACTION_BYTES_MAX ? "too_large" : "malformed";
    return { transaction: undefined, problem, isForm: true };
  }
  const formProblem = formProblemOf(transaction, place);
  if (formProblem) return { transaction, problem: formProblem, isForm: true };
  return { transaction, problem: signaturesProblem(transaction, place.context), isForm: false };
}

function formProblemOf(
  { type, registerId, charter, id }: TransactionFacts,
  { context, position, listed }: { context: ExaminationContext; position: number; listed: Uint8Array | undefined },
): TransactionProblem | undefined {
  if (registerId !== context.registerId) return "wrong_register";
  if (!listed || !sameHash(id, listed)) return "wrong_id";
  const isFirst = context.height === 0n && position === 0;
  if ((type === "genesis") !== isFirst) return "wrong_type";
  return charter && registerIdOf(charter) !== context.registerId ? "wrong_charter" : undefined;
}

function signaturesProblem(
  { signatures, id }: TransactionFacts,
  context: ExaminationContext,
): TransactionProblem | undefined {
  const message = domainSeparated("tx", id);
  for (const signature of signatures) {
    const problem = signatureProblem(signature, { message, purpose: "tx", context });
    if (problem) return problem;
  }
  return undefined;
}
