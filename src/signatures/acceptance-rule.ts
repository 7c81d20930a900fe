import type { SuiteId } from "./signature-suite.ts";

/**
 * What a suite accepts before any library is asked, so that every library comes to the same verdict. Each function
 * takes bytes of the right length and is a pure function of them.
 */
export interface AcceptanceRule {
  readonly id: SuiteId;
  readonly publicKeyBytes: number;
  /** May compute, since keys are few and kept. */
  acceptsPublicKey(publicKey: Uint8Array): boolean;
  acceptsSignature(signature: Uint8Array): boolean;
  acceptsPrivateKey(privateKey: Uint8Array): boolean;
  /** The twin of a fresh signature that `acceptsSignature` accepts. */
  normalised(signature: Uint8Array): Uint8Array;
}

export const SIGNATURE_BYTES = 64;
export const PRIVATE_KEY_BYTES = 32;
