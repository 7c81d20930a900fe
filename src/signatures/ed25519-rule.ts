import type { AcceptanceRule } from "./acceptance-rule.ts";
import { bigEndianBytes, bigEndianInteger } from "./big-endian.ts";
import { isSquare } from "./squares.ts";

/**
 * Ed25519 for a ledger on which all verifiers must agree: the key is a point of the curve, S < L, key and R are canonical
 * and neither is of small order. What is left is the cofactorless equation, which compares the bytes of R with those of
 * S*B - h*A: an R that is not on the curve equals no computed point, so that a signature, unlike a key, needs no arithmetic
 * here. A key with a torsion part that is not of small order passes the rule, and the equation decides.
 */
export const ED25519_RULE: AcceptanceRule = {
  id: "ed25519",
  publicKeyBytes: 32,
  acceptsPublicKey: (key) => acceptsEncoding(key) && isOnCurve(key),
  acceptsSignature: (signature) => isBelowOrder(signature) && acceptsEncoding(signature),
  // Any 32 bytes are a seed.
  acceptsPrivateKey: () => true,
  // A signer computes S modulo L, so there is no twin to choose from.
  normalised: (signature) => signature,
};

const P = 2n ** 255n - 19n;
/** Of the curve's equation -x^2 + y^2 = 1 + d x^2 y^2: -121665 / 121666 modulo p. */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;
const LAST = 31;
const SCALAR_OFFSET = 32;

/** L, the order of the base point. */
const ORDER = littleEndianBytes(2n ** 252n + 27742317777372353535851937790883648493n);

/** The y of one point of order 8. */
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/**
 * The y coordinates of the eight points whose order divides 8: 0 (order 4), 1 (the identity), -1 (order 2) and the two of
 * order 8. The sign of x is left out, which also covers the encodings of x = 0 with the sign bit: their y is 1 or -1.
 */
const SMALL_ORDER_Y = [0n, 1n, P - 1n, Y_OF_ORDER_8, P - Y_OF_ORDER_8].map(littleEndianBytes);

/** Whether the first 32 bytes encode a y below p that no point of small order has. */
function acceptsEncoding(bytes: Uint8Array): boolean {
  return isCanonical(bytes) && !SMALL_ORDER_Y.some((y) => hasY(bytes, y));
}

/**
 * Whether there is an x with x^2 = (y^2 - 1) / (d y^2 + 1): a fraction is a square where the product of its parts is one.
 * Neither part is zero, since y is that of no point of small order and -1/d is no square. Computed once per key.
 */
function isOnCurve(key: Uint8Array): boolean {
  const square = yOf(key) ** 2n % P;
  return isSquare((square - 1n) * (D * square + 1n), P);
}

/** Without the sign bit of x. */
function yOf(bytes: Uint8Array): bigint {
  return bigEndianInteger(bytes.toReversed(), 0) % 2n ** 255n;
}

/** y < p = 2^255 - 19, without the sign bit. Nearly every encoding is decided by its last byte. */
function isCanonical(bytes: Uint8Array): boolean {
  if (((bytes[LAST] ?? 0) & 0x7f) !== 0x7f) return true;
  for (let index = LAST - 1; index > 0; index--) if (bytes[index] !== 0xff) return true;
  return (bytes[0] ?? 0) < 0xed;
}

function hasY(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let index = 0; index < LAST; index++) if (bytes[index] !== y[index]) return false;
  return ((bytes[LAST] ?? 0) & 0x7f) === y[LAST];
}

/** S < L. */
function isBelowOrder(signature: Uint8Array): boolean {
  for (let index = LAST; index >= 0; index--) {
    const difference = (signature[SCALAR_OFFSET + index] ?? 0) - (ORDER[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function littleEndianBytes(value: bigint): Uint8Array {
  return bigEndianBytes(value).reverse();
}
