import { VaultError } from "../../errors.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import { registerIdOf } from "../ledger/charter.ts";
import { keyChangesIn } from "../ledger/transaction.ts";
import type { Checkpoint } from "../notes/checkpoint.ts";
import { KeyDirectory } from "../verification/key-directory.ts";
import { type ReadProof, type ReadReceipt, readReceipt } from "./read-receipt.ts";
import type { InvalidReceipt, ReceiptStep, ReceiptTrust, ReceiptVerdict, ValidReceipt } from "./receipt-verdict.ts";
import { checkpointVerifiers, problemOfSigners, readCheckpoint, type SignedCheckpoint } from "./verify-checkpoint.ts";
import { problemOfDisclosure } from "./verify-disclosure.ts";
import { type ProofContext, problemOfDocket, problemOfTransaction } from "./verify-proof.ts";

/**
 * Whether a receipt proves its transaction to somebody who trusts this (`docs/register-format.md`, Receipts). That no other
 * transaction, earlier or later, ended a key, or that no later one changed the value again, is not what a receipt proves.
 *
 * @param text may come from an enemy
 * @throws `invalid_value` when nothing is trusted, `unsupported` when this runtime cannot verify a known algorithm
 */
export function verifyReceipt(text: string, trust: ReceiptTrust, suites: SignatureSuites): ReceiptVerdict {
  if (trust.registerId === undefined && trust.checkpointKeys === undefined) {
    throw new VaultError("invalid_value", "A receipt is verified by a register's id, or by a key of its checkpoints.");
  }
  const receipt = readReceipt(text);
  if (typeof receipt === "string") return invalid("form", receipt);
  const problem = problemOfCharter(receipt, trust);
  if (problem !== undefined) return invalid("charter", problem);
  const signed = readCheckpoint(receipt);
  if (!signed) return invalid("checkpoint", "It is no checkpoint of the register's log.");
  return verifyProofs(receipt, { trust, suites, ...signed });
}

interface Verification extends SignedCheckpoint {
  readonly trust: ReceiptTrust;
  readonly suites: SignatureSuites;
}

function verifyProofs(receipt: ReadReceipt, verification: Verification): ReceiptVerdict {
  const { registerId, proof, disclosure } = receipt;
  const {
    checkpoint,
    suites,
    trust: { checkpointKeys: trusted },
  } = verification;
  // What is signed with a key that is trusted anyway is known to be without the keys of the receipt.
  const untrusted = trusted && problemOfSigners(verification, trusted, suites);
  if (untrusted !== undefined) return invalid("checkpoint", untrusted);
  const keys = directoryOf(receipt, verification);
  if (typeof keys === "string") return invalid("key", keys);
  const context: ProofContext = { registerId, checkpoint, suites, keys };
  const { body } = proof.transaction;
  const known = trusted ? undefined : checkpointVerifiers(keys, checkpoint);
  const steps: readonly (readonly [ReceiptStep, () => string | undefined])[] = [
    ["checkpoint", () => known && problemOfSigners(verification, known, suites)],
    ["docket", () => problemOfDocket(proof, context)],
    ["transaction", () => problemOfTransaction(proof, context)],
    ["disclosure", () => disclosure && problemOfDisclosure(disclosure, body)],
  ];
  for (const [step, problemOf] of steps) {
    const problem = problemOf();
    if (problem !== undefined) return invalid(step, problem);
  }
  return proven(receipt, checkpoint);
}

function proven({ registerId, proof, disclosure }: ReadReceipt, { origin, size, root }: Checkpoint): ValidReceipt {
  const { transaction, height, header } = proof;
  return {
    isValid: true,
    registerId,
    checkpoint: { origin, size, root },
    txId: transaction.txId,
    transaction: transaction.body,
    height,
    sealedAt: header.sealedAt,
    ...(disclosure && {
      disclosed: { event: disclosure.event, ...(disclosure.value && { value: disclosure.value.value }) },
    }),
  };
}

function invalid(step: ReceiptStep, reason: string): InvalidReceipt {
  return { isValid: false, step, reason };
}

function problemOfCharter({ registerId, charter }: ReadReceipt, trust: ReceiptTrust): string | undefined {
  if (trust.registerId !== undefined && trust.registerId !== registerId) {
    return "The receipt is one of another register than the one that is trusted.";
  }
  return registerIdOf(charter) === registerId ? undefined : "The charter is that of another register.";
}

/** The keys that the charter and the key transactions make known, or why one of these proves nothing. */
function directoryOf(
  { registerId, charter, keys: proofs }: ReadReceipt,
  { checkpoint, suites }: Verification,
): KeyDirectory | string {
  let keys = KeyDirectory.ofCharter(charter);
  for (const proof of proofs.toSorted(byPlace)) {
    const { body } = proof.transaction;
    if (body.type !== "key") return "A transaction among the keys changes none.";
    const context: ProofContext = { registerId, checkpoint, suites, keys };
    const problem = problemOfDocket(proof, context) ?? problemOfTransaction(proof, context);
    if (problem !== undefined) return `A transaction among the keys proves nothing: ${problem}`;
    keys = keys.after(proof.height, keyChangesIn(body));
  }
  return keys;
}

function byPlace(one: ReadProof, other: ReadProof): number {
  return Number(one.height - other.height) || Number(one.index - other.index);
}
