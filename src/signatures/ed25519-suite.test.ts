import { describe, expect, it } from "vitest";
import { SIGNATURE_RUNTIMES } from "../testing/signature-runtimes.ts";
import { KEPT_KEYS } from "./ruled-suite.ts";
import type { SignatureSuite } from "./signature-suite.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

/** RFC 8032, 7.1: seed, public key, message, signature. */
const VECTORS = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589" +
      "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
].map((vector) => vector.map(bytes) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]);

describe.each(SIGNATURE_RUNTIMES)("Ed25519 signatures in %s", (_, suites) => {
  const suite = suites.find("ed25519") as SignatureSuite;

  it.each(VECTORS)("repeats a vector of RFC 8032", (...vector) => {
    const [seed, publicKey, message, signature] = vector;
    const signer = suite.signer(seed);
    expect(signer.publicKey).toEqual(publicKey);
    expect(signer.sign(message)).toEqual(signature);
    expect(suite.verify(publicKey, message, signature)).toBe(true);
  });

  it.each(VECTORS)("refuses every change of one bit of signature, key and message", (...vector) => {
    const [, publicKey, message, signature] = vector;
    const wrong = [
      ...flips(signature).map((other) => suite.verify(publicKey, message, other)),
      ...flips(publicKey).map((other) => suite.verify(other, message, signature)),
      ...flips(message).map((other) => suite.verify(publicKey, other, signature)),
    ];
    expect(wrong).toHaveLength(512 + 256 + message.length * 8);
    expect(wrong).not.toContain(true);
  });

  it("generates keys that sign, each another", () => {
    const pairs = Array.from({ length: 20 }, () => suite.generate());
    for (const { publicKey, privateKey } of pairs) {
      const message = bytes("00ff");
      expect(suite.verify(publicKey, message, suite.signer(privateKey).sign(message))).toBe(true);
    }
    expect(new Set(pairs.map(({ publicKey }) => publicKey.join())).size).toBe(20);
  });

  it("verifies with more keys than it keeps imported, and with those it has dropped", () => {
    const message = bytes("00ff");
    const signed = Array.from({ length: KEPT_KEYS + 50 }, () => {
      const { publicKey, privateKey } = suite.generate();
      return { publicKey, signature: suite.signer(privateKey).sign(message) };
    });
    for (const { publicKey, signature } of [...signed, ...signed.slice(0, 50)]) {
      expect(suite.verify(publicKey, message, signature)).toBe(true);
    }
  });

  it("goes by the bytes of a key, also when their array is used again", () => {
    const [first, second] = [VECTORS[1], VECTORS[2]] as [(typeof VECTORS)[0], (typeof VECTORS)[0]];
    const key = first[1].slice();
    expect(suite.verify(key, first[2], first[3])).toBe(true);
    key.set(second[1]);
    expect(suite.verify(key, first[2], first[3])).toBe(false);
    expect(suite.verify(key, second[2], second[3])).toBe(true);
  });

  it("takes no private key of another length", () => {
    for (const size of [0, 31, 33, 64]) {
      expect(() => suite.signer(new Uint8Array(size))).toThrow(expect.objectContaining({ code: "invalid_value" }));
    }
  });
});

function flips(original: Uint8Array): Uint8Array[] {
  return Array.from({ length: original.length * 8 }, (_, bit) => {
    const changed = original.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return changed;
  });
}
