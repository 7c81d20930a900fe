import { invariant } from "../src/errors.ts";
import { readSeal } from "../src/register/ledger/docket.ts";
import { decodeFrame } from "../src/register/ledger/docket-frame.ts";
import type { RecordSignature } from "../src/register/ledger/record-form.ts";
import { readTransaction } from "../src/register/ledger/transaction.ts";
import { bytesOfBase64Url, bytesOfHex } from "../src/signatures/byte-text.ts";
import { domainSeparated } from "../src/signatures/domain-separated.ts";
import { type PackedSignatures, packSignatures, type SignedMessage } from "./by-hand/raw-signatures.ts";
import type { MadeChain } from "./register-chain.ts";

/** What is signed in a register, and the one key that has signed it. */
export function signaturesOf({ charter, dockets }: MadeChain): PackedSignatures {
  const [key] = charter.keys;
  invariant(key, "a register has a key");
  return packSignatures(bytesOfHex(key.publicKey), dockets.flatMap(signedIn));
}

function signedIn(bytes: Uint8Array): readonly SignedMessage[] {
  const frame = decodeFrame(bytes);
  const seal = frame && readSeal(frame.seal);
  invariant(frame && seal, "the docket can be read");
  const transactions = frame.records.map((record) => {
    const transaction = readTransaction(record);
    const [signature] = transaction?.signatures ?? [];
    invariant(transaction && signature, "the transaction can be read");
    return signedMessage("tx", transaction.id, signature);
  });
  return [signedMessage("docket", frame.docketHash, seal), ...transactions];
}

function signedMessage(kind: "tx" | "docket", hash: Uint8Array, { sig }: RecordSignature): SignedMessage {
  return { message: domainSeparated(kind, hash), signature: bytesOfBase64Url(sig) ?? new Uint8Array() };
}
