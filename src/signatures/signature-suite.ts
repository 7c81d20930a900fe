/** The suites that keys and signatures name. A name never changes its meaning; a new suite gets a new name. */
export const SUITE_IDS = ["ed25519", "p256"] as const;
export type SuiteId = (typeof SUITE_IDS)[number];

/** Keys as raw bytes, each with exactly one accepted form. */
export interface KeyPair {
  /** `ed25519`: 32 bytes as RFC 8032 encodes the point. `p256`: 33 bytes, the compressed point of SEC 1. */
  readonly publicKey: Uint8Array;
  /** `ed25519`: the 32-byte seed. `p256`: the scalar as 32 bytes, big-endian. */
  readonly privateKey: Uint8Array;
}

/** A private key made ready once, so that a signature costs no import of the key. Holds the key in memory. */
export interface Signer {
  readonly publicKey: Uint8Array;
  /** 64 bytes that `SignatureSuite.verify` accepts. The message is at most 1 GiB, else `limit_exceeded`. */
  sign(message: Uint8Array): Uint8Array;
}

/** One signature algorithm under one acceptance rule, which does not depend on the library that computes it. */
export interface SignatureSuite {
  readonly id: SuiteId;
  /**
   * Whether the rule accepts the key, in some tenths of a millisecond. A key directory asks before it takes a key in.
   * False for anything that is not such a key; never throws for it.
   */
  acceptsPublicKey(publicKey: Uint8Array): boolean;
  /**
   * Whether the signature is valid. Anything malformed is false, whatever it is, and so is a message over 1 GiB.
   * Throws only `unsupported`, when this runtime cannot compute the algorithm at all: that says nothing about the
   * signature and must not be taken for a bad one.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Throws `invalid_value` when the bytes are not a private key of the suite. */
  signer(privateKey: Uint8Array): Signer;
  /** A new key pair from the runtime's secure randomness. */
  generate(): KeyPair;
}
