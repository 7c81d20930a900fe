import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  add,
  B,
  challenge,
  decoded,
  encoded,
  encodedInteger,
  integer,
  isSame,
  L,
  mod,
  naiveVerifyEd25519,
  O,
  P,
  type Point,
  times,
} from "../../test/vectors/naive-ed25519.ts";
import { SIGNATURE_RUNTIMES } from "../testing/signature-runtimes.ts";
import type { SignatureSuite } from "./signature-suite.ts";

const SUITES = SIGNATURE_RUNTIMES.map(([, suites]) => suites.find("ed25519") as SignatureSuite);
const [suite] = SUITES as [SignatureSuite];

/* Points of small order, the seed of everything random, and signatures made with what a forger may choose. */
const random = (label: string) => createHash("sha512").update(`strongroom ${label}`).digest();
const scalar = (label: string) => mod(integer(random(label)), L - 1n) + 1n;
const generator = torsionGenerator();
const TORSION = Array.from({ length: 8 }, (_, index) => times(BigInt(index), generator));

/** A point of order exactly 8: L times a point of the curve leaves nothing but its torsion. */
function torsionGenerator(): Point {
  for (let y = 2n; ; y++) {
    const point = decoded(encodedInteger(y));
    const torsion = point && times(L, point);
    if (torsion && !isSame(times(4n, torsion), O)) return torsion;
  }
}

interface Forged {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

interface Choice {
  /** The part of the key and of R in the group of prime order, and their torsion. Zero makes the point small. */
  readonly a: bigint;
  readonly r: bigint;
  readonly keyTorsion?: number;
  readonly rTorsion?: number;
  readonly label: string;
  /** Other bytes for the same point, or for none. */
  readonly keyBytes?: Uint8Array;
  readonly rBytes?: Uint8Array;
}

const torsion = (index = 0) => TORSION[index] as Point;

/** Satisfies 8*S*B = 8*R + 8*h*A always, and S*B = R + h*A when the torsion parts cancel. */
function forge({ a, r, keyTorsion, rTorsion, label, keyBytes, rBytes }: Choice): Forged {
  const publicKey = keyBytes ?? encoded(add(times(a, B), torsion(keyTorsion)));
  const rEncoded = rBytes ?? encoded(add(times(r, B), torsion(rTorsion)));
  const message = random(label).subarray(0, 32);
  const s = mod(r + challenge(rEncoded, publicKey, message) * a, L);
  return { publicKey, message, signature: Buffer.concat([rEncoded, encodedInteger(s)]) };
}

/** Tries messages until the torsion of R + h*A cancels, or until it does not. */
function forgeUntil(cancels: boolean, choice: Choice): Forged {
  for (let attempt = 0; ; attempt++) {
    const forged = forge({ ...choice, label: `${choice.label} ${attempt}` });
    const h = challenge(forged.signature.subarray(0, 32), forged.publicKey, forged.message);
    const rest = add(torsion(choice.rTorsion), times(h, torsion(choice.keyTorsion)));
    if (isSame(rest, O) === cancels) return forged;
  }
}

function withScalar(forged: Forged, s: (original: bigint) => bigint): Forged {
  const changed = encodedInteger(s(integer(forged.signature.subarray(32))));
  return { ...forged, signature: Buffer.concat([forged.signature.subarray(0, 32), changed]) };
}

/** That of every runtime. */
function verdict({ publicKey, message, signature }: Forged): boolean {
  const [first = false, ...others] = SUITES.map((each) => each.verify(publicKey, message, signature));
  for (const other of others) expect(other).toBe(first);
  return first;
}

const oracle = ({ publicKey, message, signature }: Forged) => naiveVerifyEd25519(publicKey, message, signature);
const a = scalar("a");
const r = scalar("r");
const MINUS_0 = encodedInteger(P);
const IDENTITY_PLUS_P = encodedInteger(P + 1n);
const IDENTITY_WITH_SIGN = encodedInteger(1n + 2n ** 255n);

/** The classes of the edge vectors of "Taming the many EdDSAs" (2020), made here so that their properties are proved. */
const EDGES: [name: string, accepted: boolean, why: string, forged: Forged][] = [
  [
    "S = 0, A and R small",
    false,
    "A small",
    forgeUntil(true, { a: 0n, r: 0n, keyTorsion: 1, rTorsion: 3, label: "0" }),
  ],
  [
    "A small, R mixed",
    false,
    "A small: signs any message",
    forgeUntil(true, { a: 0n, r, keyTorsion: 1, rTorsion: 5, label: "1" }),
  ],
  [
    "A mixed, R small",
    false,
    "R small: says nothing of a nonce",
    forgeUntil(true, { a, r: 0n, keyTorsion: 1, rTorsion: 3, label: "2" }),
  ],
  [
    "A and R mixed, torsion cancels",
    true,
    "S*B = R + h*A holds exactly",
    forgeUntil(true, { a, r, keyTorsion: 1, rTorsion: 5, label: "3" }),
  ],
  [
    "A and R mixed, torsion is left",
    false,
    "only 8 times the equation holds",
    forgeUntil(false, { a, r, keyTorsion: 1, rTorsion: 5, label: "4" }),
  ],
  [
    "A mixed, R of prime order",
    false,
    "only 8 times the equation holds",
    forgeUntil(false, { a, r, keyTorsion: 1, label: "5" }),
  ],
  ["S + L", false, "S >= L: the same S twice", withScalar(forge({ a, r, label: "6" }), (s) => s + L)],
  ["S + 15 L", false, "S far above L", withScalar(forge({ a, r, label: "7" }), (s) => s + 14n * L)],
  ["S = L", false, "S >= L", withScalar(forge({ a, r, label: "8" }), () => L)],
  ["R not canonical", false, "y of R >= p", forge({ a, r: 0n, rBytes: MINUS_0, label: "9" })],
  ["A not canonical, order 4", false, "y of A >= p", forge({ a: 0n, r, keyBytes: MINUS_0, label: "10" })],
  ["A not canonical, identity", false, "y of A >= p", forge({ a: 0n, r, keyBytes: IDENTITY_PLUS_P, label: "11" })],
  [
    "A = identity with the sign bit",
    false,
    "x = 0 has no sign",
    forge({ a: 0n, r, keyBytes: IDENTITY_WITH_SIGN, label: "12" }),
  ],
  [
    "R = identity with the sign bit",
    false,
    "x = 0 has no sign",
    forge({ a, r: 0n, rBytes: IDENTITY_WITH_SIGN, label: "13" }),
  ],
  ["A = identity", false, "A small", forge({ a: 0n, r, label: "14" })],
  ["R = identity", false, "R small", forge({ a, r: 0n, label: "15" })],
  ["A and R of prime order", true, "an ordinary signature", forge({ a, r, label: "16" })],
];

/** The encodings with y >= p, and those of x = 0 with the sign bit: forms that name a point a second time, or none. */
const NOT_CANONICAL = [
  ...Array.from({ length: 38 }, (_, index) => P + BigInt(index >> 1) + (index & 1 ? 2n ** 255n : 0n)),
  1n + 2n ** 255n,
  P - 1n + 2n ** 255n,
].map(encodedInteger);

describe("the acceptance rule of Ed25519", () => {
  it.each(EDGES)("decides %s: accepted %s, because %s", (...edge) => {
    const [, accepted, , forged] = edge;
    expect(verdict(forged)).toBe(accepted);
    expect(oracle(forged)).toBe(accepted);
  });

  it("refuses a key of small order under which every equation holds", () => {
    for (const keyTorsion of TORSION.keys()) {
      for (const rTorsion of [0, (8 - keyTorsion) % 8]) {
        const choice = { a: 0n, r, keyTorsion, rTorsion, label: `key ${keyTorsion} ${rTorsion}` };
        const forged = forgeUntil(true, choice);
        expect(suite.acceptsPublicKey(forged.publicKey)).toBe(false);
        expect(verdict(forged)).toBe(false);
      }
    }
  });

  it("refuses an R of small order for which the equation holds", () => {
    for (const rTorsion of TORSION.keys()) {
      const keyTorsion = (8 - rTorsion) % 8;
      expect(verdict(forgeUntil(true, { a, r: 0n, keyTorsion, rTorsion, label: `R ${rTorsion}` }))).toBe(false);
    }
  });

  it("refuses every encoding that is not canonical, as a key and as R", () => {
    for (const [index, bytes] of NOT_CANONICAL.entries()) {
      expect(suite.acceptsPublicKey(bytes)).toBe(false);
      expect(verdict(forge({ a: 0n, r, keyBytes: bytes, label: `key ${index}` }))).toBe(false);
      expect(verdict(forge({ a, r: 0n, rBytes: bytes, label: `R ${index}` }))).toBe(false);
    }
  });

  it("takes the canonical encodings next to them that are points of the curve", () => {
    let points = 0;
    for (let distance = 2n; distance < 40n; distance++) {
      for (const y of [distance, P - distance, 2n ** 254n + distance]) {
        const isPoint = decoded(encodedInteger(y)) !== undefined;
        expect(suite.acceptsPublicKey(encodedInteger(y))).toBe(isPoint);
        expect(suite.acceptsPublicKey(encodedInteger(y + 2n ** 255n))).toBe(isPoint);
        if (isPoint) points++;
      }
    }
    expect(points).toBeGreaterThan(30);
    expect(points).toBeLessThan(80);
  });

  it("tells the points among any bytes", () => {
    for (let index = 0; index < 300; index++) {
      const bytes = random(`bytes ${index}`).subarray(0, 32);
      expect(suite.acceptsPublicKey(bytes)).toBe(decoded(bytes) !== undefined);
    }
  });

  it("knows the torsion of a key only when nothing else is in it", () => {
    for (const index of TORSION.keys()) {
      expect(suite.acceptsPublicKey(encoded(torsion(index)))).toBe(false);
      expect(suite.acceptsPublicKey(encoded(add(times(a, B), torsion(index))))).toBe(true);
    }
  });

  it("refuses a key that is no point of the curve, and no signature is valid with such an R", () => {
    let seen = 0;
    for (let y = 2n; y < 200n; y++) {
      if (decoded(encodedInteger(y))) continue;
      seen++;
      expect(suite.acceptsPublicKey(encodedInteger(y))).toBe(false);
      expect(verdict(forge({ a, r, keyBytes: encodedInteger(y), label: `off ${y}` }))).toBe(false);
      expect(verdict(forge({ a, r, rBytes: encodedInteger(y), label: `off ${y}` }))).toBe(false);
    }
    expect(seen).toBeGreaterThan(50);
  });
});

describe("the second verifier", () => {
  const keys = Array.from({ length: 24 }, (_, index) => (index % 6 === 0 ? 0n : scalar(`key ${index}`)));
  const nonces = Array.from({ length: 16 }, (_, index) => (index % 8 === 0 ? 0n : scalar(`nonce ${index}`)));
  const keyPoints = keys.map((key) => times(key, B));
  const noncePoints = nonces.map((nonce) => times(nonce, B));

  /** A signature with any mixture of torsion, every other one changed in a bit, in S or in its encodings. */
  function hostile(index: number): Forged {
    const dice = random(`hostile ${index}`);
    const die = (at: number, sides: number) => (dice[at] ?? 0) % sides;
    const [key, nonce] = [die(0, keys.length), die(1, nonces.length)];
    const torsions = [die(2, 4) === 0 ? die(3, 8) : 0, die(4, 4) === 0 ? die(5, 8) : 0];
    const forged = forge({
      a: keys[key] as bigint,
      r: nonces[nonce] as bigint,
      keyBytes: encoded(add(keyPoints[key] as Point, torsion(torsions[0]))),
      rBytes: encoded(add(noncePoints[nonce] as Point, torsion(torsions[1]))),
      label: `hostile ${index}`,
    });
    return changed(forged, { what: die(6, 11), bit: die(7, 256), index });
  }

  function changed(forged: Forged, change: { what: number; bit: number; index: number }): Forged {
    const { what, bit, index } = change;
    if (what === 0) return withScalar(forged, (s) => s + L * BigInt(index % 15));
    if (what === 1) return { ...forged, publicKey: flipped(forged.publicKey, bit) };
    if (what === 2) return { ...forged, message: flipped(forged.message, bit) };
    if (what === 3) return { ...forged, signature: flipped(forged.signature, bit + (index % 2) * 256) };
    return forged;
  }

  it("agrees on 3,000 hostile signatures, of which many are valid and many are not", { timeout: 120_000 }, () => {
    let accepted = 0;
    for (let index = 0; index < 3_000; index++) {
      const forged = hostile(index);
      const expected = oracle(forged);
      if (verdict(forged) !== expected) expect({ index, accepted: !expected }).toEqual({ index, accepted: expected });
      if (expected) accepted++;
    }
    expect(accepted).toBeGreaterThan(500);
    expect(accepted).toBeLessThan(2_500);
  });

  it("agrees on signatures of each suite's own keys", () => {
    for (let round = 0; round < 300; round++) {
      const each = SUITES[round % SUITES.length] as SignatureSuite;
      const signer = each.signer(random(`seed ${round % 20}`).subarray(0, 32));
      const message = random(`message ${round}`).subarray(0, round % 64);
      const forged = { publicKey: signer.publicKey, message, signature: signer.sign(message) };
      expect([verdict(forged), oracle(forged)]).toEqual([true, true]);
    }
  });
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}
