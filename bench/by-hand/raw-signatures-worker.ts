import { createPublicKey, verify } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { invariant } from "../../src/errors.ts";
import { type PackedSignatures, type SignedMessage, unpackSignatures } from "./raw-signatures.ts";

/** Signatures that a thread takes at a time; whoever is faster takes more. */
const SHARE = 64;
const ED25519 = Buffer.from("302a300506032b6570032100", "hex");

interface Prepared {
  readonly key: ReturnType<typeof createPublicKey>;
  readonly signed: readonly SignedMessage[];
}

let prepared: Prepared | undefined;

parentPort?.on("message", (request: PackedSignatures | Int32Array) => {
  if (request instanceof Int32Array) verifyShares(request);
  else prepared = prepare(request);
  parentPort?.postMessage("done");
});

function prepare(signatures: PackedSignatures): Prepared {
  const encoded = Buffer.concat([ED25519, signatures.publicKey]);
  return {
    key: createPublicKey({ key: encoded, format: "der", type: "spki" }),
    signed: unpackSignatures(signatures),
  };
}

function verifyShares(next: Int32Array): void {
  invariant(prepared, "signatures are prepared before they are verified");
  const { key, signed } = prepared;
  for (let from = Atomics.add(next, 0, SHARE); from < signed.length; from = Atomics.add(next, 0, SHARE)) {
    const end = Math.min(from + SHARE, signed.length);
    for (let at = from; at < end; at++) {
      const each = signed[at];
      invariant(each && verify(null, each.message, key, each.signature), "the signatures are valid");
    }
  }
}
