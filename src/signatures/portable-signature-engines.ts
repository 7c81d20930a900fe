import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { randomBytes } from "@noble/hashes/utils.js";
import type { SignatureEngine } from "./signature-engine.ts";

const { Point } = ed25519;
const R_BYTES = 32;

/** Ed25519 wherever there is nothing but JavaScript. Verifying one signature takes about two milliseconds. */
export const PORTABLE_ED25519: SignatureEngine = {
  id: "ed25519",
  verifier(publicKey) {
    const raw = publicKey.slice();
    const key = Point.fromBytes(raw);
    return (message, signature) => {
      const r = signature.subarray(0, R_BYTES);
      const s = littleEndian(signature.subarray(R_BYTES));
      const h = Point.Fn.create(littleEndian(sha512.create().update(r).update(raw).update(message).digest()));
      // S*B - h*A without the cofactor, compared as bytes: the equation that Node checks. The library's own has the cofactor.
      const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(h)).toBytes();
      return expected.every((byte, at) => byte === r[at]);
    };
  },
  signer(privateKey) {
    const seed = privateKey.slice();
    return { publicKey: ed25519.getPublicKey(seed), sign: (message) => ed25519.sign(message, seed) };
  },
  randomBytes,
};

/** ECDSA on P-256 wherever there is nothing but JavaScript. */
export const PORTABLE_P256: SignatureEngine = {
  id: "p256",
  verifier(publicKey) {
    const key = publicKey.slice();
    // Which of the twins of a signature counts is for the rule to say.
    return (message, signature) => p256.verify(signature, message, key, { lowS: false });
  },
  signer(privateKey) {
    const scalar = privateKey.slice();
    return { publicKey: p256.getPublicKey(scalar), sign: (message) => p256.sign(message, scalar) };
  },
  randomBytes,
};

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
