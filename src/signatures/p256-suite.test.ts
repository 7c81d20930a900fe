import { createECDH, createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SIGNATURE_RUNTIMES } from "../testing/signature-runtimes.ts";
import { P256_RULE } from "./p256-rule.ts";
import type { SignatureSuite } from "./signature-suite.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex32 = (value: bigint) => value.toString(16).padStart(64, "0");
const text = (value: string) => new TextEncoder().encode(value);

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** RFC 6979, A.2.5, with SHA-256. */
const PRIVATE = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const X = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
const Y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const PUBLIC = bytes(`03${X}`);
const SAMPLE = {
  r: "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
  s: "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
};
const TEST = {
  r: "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
  s: "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
};
const VALID = bytes(TEST.r + TEST.s);

describe.each(SIGNATURE_RUNTIMES)("P-256 signatures in %s", (_, suites) => {
  const suite = suites.find("p256") as SignatureSuite;

  it("derives the public key of RFC 6979 A.2.5", () => {
    expect(suite.signer(bytes(PRIVATE)).publicKey).toEqual(PUBLIC);
  });

  it("accepts the signature of RFC 6979 A.2.5 whose s is low", () => {
    expect(suite.verify(PUBLIC, text("test"), VALID)).toBe(true);
  });

  it("refuses the one whose s is high and accepts its low twin", () => {
    expect(suite.verify(PUBLIC, text("sample"), bytes(SAMPLE.r + SAMPLE.s))).toBe(false);
    const twin = bytes(SAMPLE.r + hex32(N - BigInt(`0x${SAMPLE.s}`)));
    expect(suite.verify(PUBLIC, text("sample"), twin)).toBe(true);
  });

  it("signs with low s only, and refuses the high twin of what it signed", () => {
    const { privateKey, publicKey } = suite.generate();
    const signer = suite.signer(privateKey);
    for (let round = 0; round < 200; round++) {
      const message = createHash("sha256").update(String(round)).digest();
      const signature = signer.sign(message);
      const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
      expect(s <= N / 2n).toBe(true);
      expect(suite.verify(publicKey, message, signature)).toBe(true);
      const high = bytes(Buffer.from(signature.subarray(0, 32)).toString("hex") + hex32(N - s));
      expect(suite.verify(publicKey, message, high)).toBe(false);
    }
  });

  it("refuses every change of one bit of signature, key and message", () => {
    const message = text("test");
    const wrong = [
      ...flips(VALID).map((signature) => suite.verify(PUBLIC, message, signature)),
      ...flips(PUBLIC).map((key) => suite.verify(key, message, VALID)),
      ...flips(message).map((other) => suite.verify(PUBLIC, other, VALID)),
    ];
    expect(wrong).toHaveLength(512 + 264 + 32);
    expect(wrong).not.toContain(true);
  });

  const r = TEST.r;
  const s = TEST.s;
  it.each([
    ["r = 0", hex32(0n) + s],
    ["s = 0", r + hex32(0n)],
    ["both zero", hex32(0n) + hex32(0n)],
    ["r = n", hex32(N) + s],
    ["s = n", r + hex32(N)],
    ["s + n, the same modulo n", r + hex32(BigInt(`0x${s}`) + N)],
    ["s just above the half", r + hex32(N / 2n + 1n)],
    ["r = 2^256 - 1", "ff".repeat(32) + s],
  ])("refuses a signature with %s", (_name, signature) => {
    expect(suite.verify(PUBLIC, text("test"), bytes(signature))).toBe(false);
  });

  it("leaves the ends of both ranges to the equation", () => {
    expect(P256_RULE.acceptsSignature(bytes(hex32(N - 1n) + hex32(N / 2n)))).toBe(true);
    expect(P256_RULE.acceptsSignature(bytes(hex32(1n) + hex32(1n)))).toBe(true);
    expect(P256_RULE.acceptsSignature(bytes(hex32(1n) + hex32(N / 2n + 1n)))).toBe(false);
    expect(P256_RULE.acceptsSignature(bytes(hex32(N) + hex32(N / 2n)))).toBe(false);
  });

  it.each([
    ["an x that is on no point", `02${xOffTheCurve()}`],
    ["x = p + 5, which is x = 5 again", `02${hex32(P + 5n)}`],
    ["x = p", `02${hex32(P)}`],
    ["the uncompressed point", `04${X}${Y}`],
    ["a hybrid point", `07${X}${Y}`],
    ["the prefix of an uncompressed point", `04${X}`],
    ["the prefix 0", `00${X}`],
    ["the point at infinity", "00"],
    ["nothing", ""],
  ])("refuses a key that is %s", (_name, key) => {
    expect(suite.acceptsPublicKey(bytes(key))).toBe(false);
    expect(suite.verify(bytes(key), text("test"), VALID)).toBe(false);
  });

  it("finds x = 5 on the curve, so that its other encoding is refused for the encoding", () => {
    expect(suite.acceptsPublicKey(bytes(`02${hex32(5n)}`))).toBe(true);
  });

  it("agrees with the library about which x is on the curve", () => {
    for (let x = 0n; x < 300n; x++) {
      const key = bytes(`02${hex32(x)}`);
      expect(suite.acceptsPublicKey(key)).toBe(libraryTakes(key));
    }
  });

  it.each([
    ["zero", hex32(0n)],
    ["n", hex32(N)],
    ["more than n", "ff".repeat(32)],
    ["31 bytes", "01".repeat(31)],
  ])("takes no private key that is %s", (_name, key) => {
    expect(() => suite.signer(bytes(key))).toThrow(expect.objectContaining({ code: "invalid_value" }));
  });

  it.each([1n, N - 1n])("takes %s for a private key", (scalar) => {
    const signer = suite.signer(bytes(hex32(scalar)));
    expect(suite.verify(signer.publicKey, text("m"), signer.sign(text("m")))).toBe(true);
  });
});

function flips(original: Uint8Array): Uint8Array[] {
  return Array.from({ length: original.length * 8 }, (_, bit) => {
    const changed = original.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return changed;
  });
}

function libraryTakes(compressed: Uint8Array): boolean {
  try {
    createECDH("prime256v1").computeSecret(compressed);
    return true;
  } catch (error) {
    return (error as { code: string }).code !== "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY";
  }
}

function xOffTheCurve(): string {
  for (let x = 1n; ; x++) if (!libraryTakes(bytes(`02${hex32(x)}`))) return hex32(x);
}
