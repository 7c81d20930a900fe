import { createHash } from "node:crypto";

/*
 * A second verifier of Ed25519, from RFC 8032 and the curve's equation alone, slow and sharing no code and no table with
 * the product: it decides canonical form by decoding and small order by multiplying by 8, and compares points where a
 * library compares bytes. The single letters are the names that the RFC gives them.
 */

/** Extended coordinates, RFC 8032, 5.1.4. */
export type Point = readonly [x: bigint, y: bigint, z: bigint, t: bigint];
export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;
export const mod = (value: bigint, modulus = P) => ((value % modulus) + modulus) % modulus;
const power = (base: bigint, exponent: bigint): bigint => {
  if (exponent === 0n) return 1n;
  const half = power((base * base) % P, exponent >> 1n);
  return exponent & 1n ? (half * base) % P : half;
};
const inverse = (value: bigint) => power(mod(value), P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);
/** The neutral element. */
export const O: Point = [0n, 1n, 1n, 0n];

export function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = (y1 - x1) * (y2 - x2);
  const b = (y1 + x1) * (y2 + x2);
  const c = ((2n * t1 * t2) % P) * D;
  const d = 2n * z1 * z2;
  const [e, f, g, h] = [mod(b - a), mod(d - c), mod(d + c), mod(b + a)];
  return [(e * f) % P, (g * h) % P, (f * g) % P, (e * h) % P];
}

export function times(scalar: bigint, point: Point): Point {
  let result = O;
  for (let rest = scalar, double = point; rest > 0n; rest >>= 1n, double = add(double, double)) {
    if (rest & 1n) result = add(result, double);
  }
  return result;
}

export const isSame = (a: Point, b: Point) =>
  mod(a[0] * b[2] - b[0] * a[2]) === 0n && mod(a[1] * b[2] - b[1] * a[2]) === 0n;
const isSmall = (point: Point) => isSame(times(8n, point), O);

export function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

export function encodedInteger(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
}

export function encoded([x, y, z]: Point): Uint8Array {
  const scale = inverse(z);
  return encodedInteger(mod(y * scale) + (mod(x * scale) & 1n) * 2n ** 255n);
}

/** Undefined when the bytes are not the canonical encoding of a point on the curve. */
export function decoded(bytes: Uint8Array): Point | undefined {
  const y = integer(bytes) % 2n ** 255n;
  const sign = integer(bytes) >> 255n;
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * ROOT_OF_MINUS_1);
  if (y >= P || mod(x * x) !== square || (x === 0n && sign === 1n)) return undefined;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

export const B = decoded(encodedInteger(mod(4n * inverse(5n)))) as Point;

export function challenge(r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint {
  return mod(integer(createHash("sha512").update(r).update(a).update(message).digest()), L);
}

/** Whether the signature is valid under the rule of the register. */
export function naiveVerifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const [a, r, s] = [decoded(publicKey), decoded(signature.subarray(0, 32)), integer(signature.subarray(32))];
  if (!a || !r || s >= L || isSmall(a) || isSmall(r)) return false;
  return isSame(times(s, B), add(r, times(challenge(signature.subarray(0, 32), publicKey, message), a)));
}
