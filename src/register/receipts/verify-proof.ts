import { bytesOfHex } from "../../signatures/byte-text.ts";
import { domainSeparated } from "../../signatures/domain-separated.ts";
import { registerIdOf } from "../ledger/charter.ts";
import { charterIn } from "../ledger/transaction.ts";
import { leafHash } from "../merkle/tree-hash.ts";
import { verifyInclusion } from "../merkle/verify-inclusion.ts";
import type { Checkpoint } from "../notes/checkpoint.ts";
import { type ExaminationContext, signatureProblem } from "../verification/signature-problem.ts";
import type { ReadProof } from "./read-receipt.ts";

/** Whose signatures count, and in which log the docket has to be. */
export interface ProofContext extends Omit<ExaminationContext, "height"> {
  readonly checkpoint: Checkpoint;
}

/** Why the docket of a proof is none that the register has sealed and has in its log, or `undefined` when it is. */
export function problemOfDocket(proof: ReadProof, context: ProofContext): string | undefined {
  const { header, docketHash, height, seal, docketPath } = proof;
  const { registerId, checkpoint } = context;
  if (header.registerId !== registerId) return "The docket is one of another register.";
  const { size, root } = checkpoint;
  if (!verifyInclusion({ leafHash: leafHash(docketHash), index: height, size, root, proof: docketPath })) {
    return "The docket is not in the log of the checkpoint.";
  }
  if (seal.keyId !== header.proposer) return "The seal of the docket is not its proposer's.";
  const message = domainSeparated("docket", docketHash);
  const problem = signatureProblem(seal, { message, purpose: "docket", context: { ...context, height } });
  return problem && `The seal of the docket is not valid: ${problem}.`;
}

/** Why the transaction of a proof is none of its docket and register, or `undefined` when it is. */
export function problemOfTransaction(proof: ReadProof, context: ProofContext): string | undefined {
  const { transaction, leaf, index, header, height, transactionPath } = proof;
  const placeProblem = problemOfPlace(proof, context.registerId);
  if (placeProblem !== undefined) return placeProblem;
  const docket = { index, size: BigInt(header.txCount), root: bytesOfHex(header.txRoot) };
  if (!verifyInclusion({ ...docket, leafHash: leaf, proof: transactionPath })) {
    return "The transaction is not in the docket.";
  }
  const message = domainSeparated("tx", transaction.id);
  for (const signature of transaction.signatures) {
    const problem = signatureProblem(signature, { message, purpose: "tx", context: { ...context, height } });
    if (problem) return `The transaction is not signed as it has to be: ${problem}.`;
  }
  return undefined;
}

function problemOfPlace({ transaction: { body }, index, height }: ReadProof, registerId: string): string | undefined {
  if (body.registerId !== registerId) return "The transaction is one of another register.";
  const isFirst = height === 0n && index === 0n;
  if ((body.type === "genesis") !== isFirst)
    return "The first transaction of a register, and only that, is its genesis.";
  const charter = charterIn(body);
  if (charter && registerIdOf(charter) !== registerId) return "The genesis has the charter of another register.";
  return undefined;
}
