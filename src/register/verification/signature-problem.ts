import { bytesOfBase64Url } from "../../signatures/byte-text.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import type { KeyPurpose } from "../ledger/charter.ts";
import type { RecordSignature } from "../ledger/record-form.ts";
import type { TransactionProblem } from "./corruption.ts";
import type { KeyDirectory } from "./key-directory.ts";

/** Where a docket is supposed to be, and whose signatures count there. */
export interface ExaminationContext {
  readonly registerId: string;
  readonly height: bigint;
  readonly keys: KeyDirectory;
  readonly suites: SignatureSuites;
}

/** Why a signature does not count, or `undefined` when it does. */
export function signatureProblem(
  { alg, keyId, sig }: RecordSignature,
  signed: { readonly message: Uint8Array; readonly purpose: KeyPurpose; readonly context: ExaminationContext },
): TransactionProblem | undefined {
  const { keys, height, suites } = signed.context;
  const problem = keys.problemOf(keyId, signed.purpose, height);
  if (problem) return problem;
  const key = keys.find(keyId);
  const bytes = bytesOfBase64Url(sig);
  if (!key || !bytes) return "signature_invalid";
  if (key.verification.algorithm !== alg) return "algorithm_mismatch";
  return suites.verify(key.verification, signed.message, { algorithm: alg, bytes }) ? undefined : "signature_invalid";
}
