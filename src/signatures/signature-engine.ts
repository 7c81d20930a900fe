import type { SuiteId } from "./signature-suite.ts";

/**
 * Computes one algorithm. It is asked only about keys and signatures that the suite's rule has accepted, and need not
 * check them again. A browser brings an engine of its own; the rule stays the same.
 */
export interface SignatureEngine {
  readonly id: SuiteId;
  /** Imports a public key once; the result checks the equation and nothing else. Throws when it cannot. */
  verifier(publicKey: Uint8Array): EquationCheck;
  /** Imports a private key once. */
  signer(privateKey: Uint8Array): EngineSigner;
  /** Bytes that nobody can predict. */
  randomBytes(size: number): Uint8Array;
}

export type EquationCheck = (message: Uint8Array, signature: Uint8Array) => boolean;

export interface EngineSigner {
  /** In the form that `SignatureSuite` takes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes, not yet in the one form that the rule accepts. */
  sign(message: Uint8Array): Uint8Array;
}
