import type { AcceptanceRule } from "./acceptance-rule.ts";
import { bigEndianBytes, bigEndianInteger } from "./big-endian.ts";
import { isSquare } from "./squares.ts";

/**
 * ECDSA on P-256 with SHA-256: r and s in [1, n-1] and s in the lower half, because (r, n - s) is valid whenever (r, s)
 * is. The key is a compressed point (0x02 or 0x03 and x below p) that lies on the curve; the curve's order is prime, so
 * there is no small order and no point with y = 0.
 */
export const P256_RULE: AcceptanceRule = {
  id: "p256",
  publicKeyBytes: 33,
  acceptsPublicKey: (key) => (key[0] === 2 || key[0] === 3) && isOnCurve(bigEndianInteger(key, 1)),
  acceptsSignature: (signature) => isNonZeroUpTo(signature, 0, ORDER_MINUS_1) && isNonZeroUpTo(signature, WIDTH, HALF),
  acceptsPrivateKey: (privateKey) => isNonZeroUpTo(privateKey, 0, ORDER_MINUS_1),
  normalised,
};

const WIDTH = 32;
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ORDER_MINUS_1 = bigEndianBytes(N - 1n);
const HALF = bigEndianBytes(N / 2n);

/** x < p, and x^3 - 3x + b is a square. Computed once per key. */
function isOnCurve(x: bigint): boolean {
  return x < P && isSquare(x * x * x - 3n * x + B, P);
}

/** Compares big-endian bytes, most of which the first byte decides. */
function isNonZeroUpTo(bytes: Uint8Array, offset: number, limit: Uint8Array): boolean {
  let isZero = true;
  let order = 0;
  for (let index = 0; index < WIDTH; index++) {
    const byte = bytes[offset + index] ?? 0;
    if (byte !== 0) isZero = false;
    if (order === 0) order = byte - (limit[index] ?? 0);
    if (order > 0) return false;
  }
  return !isZero;
}

function normalised(signature: Uint8Array): Uint8Array {
  if (isNonZeroUpTo(signature, WIDTH, HALF)) return signature;
  const twin = signature.slice();
  twin.set(bigEndianBytes(N - bigEndianInteger(signature, WIDTH)), WIDTH);
  return twin;
}
