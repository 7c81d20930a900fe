import { describe, expect, it } from "vitest";
import { SIGNATURE_RUNTIMES } from "../testing/signature-runtimes.ts";
import { NODE_ED25519 } from "./node-signature-engines.ts";
import { NODE_SIGNATURE_SUITES } from "./node-signature-suites.ts";
import type { SignatureEngine } from "./signature-engine.ts";
import { SUITE_IDS, type SuiteId } from "./signature-suite.ts";
import { SignatureSuites } from "./signature-suites.ts";

const message = new TextEncoder().encode("strongroom/tx/v1\n0123");

function signedWith(algorithm: SuiteId, suites: SignatureSuites = NODE_SIGNATURE_SUITES) {
  const suite = suites.find(algorithm);
  if (!suite) throw new Error(algorithm);
  const { publicKey, privateKey } = suite.generate();
  return {
    suite,
    key: { algorithm, publicKey },
    signature: { algorithm, bytes: suite.signer(privateKey).sign(message) },
  };
}

/** An engine that fails as a runtime does which does not have the algorithm. */
const MISSING: SignatureEngine = {
  ...NODE_ED25519,
  verifier() {
    throw new Error("no such algorithm");
  },
};

describe("SignatureSuites", () => {
  it.each(SUITE_IDS)("has a suite %s that verifies what it signed", (id) => {
    const { suite, key, signature } = signedWith(id);
    expect(suite.id).toBe(id);
    expect(NODE_SIGNATURE_SUITES.verify(key, message, signature)).toBe(true);
  });

  it("refuses a signature that names another algorithm than its key", () => {
    for (const id of SUITE_IDS) {
      const { key, signature } = signedWith(id);
      for (const algorithm of ["ed25519", "p256", "ED25519", "", "none", "constructor", "__proto__"]) {
        const verdict = NODE_SIGNATURE_SUITES.verify(key, message, { ...signature, algorithm });
        expect(verdict).toBe(algorithm === id);
      }
    }
  });

  it.each(["none", "ED25519", "constructor", "__proto__", ""])("knows no suite %j", (id) => {
    const { key, signature } = signedWith("ed25519");
    expect(NODE_SIGNATURE_SUITES.find(id)).toBeUndefined();
    const unknown = { ...key, algorithm: id as SuiteId };
    expect(NODE_SIGNATURE_SUITES.verify(unknown, message, { ...signature, algorithm: id })).toBe(false);
  });

  it("tells keys apart that begin alike", () => {
    const { suite, key, signature } = signedWith("ed25519");
    const alike = Array.from({ length: 64 }, (_, last) => key.publicKey.with(31, last));
    const [one, two, three] = alike.filter((publicKey) => suite.acceptsPublicKey(publicKey)).map((bytes) => bytes[31]);
    const verifier: SignatureEngine["verifier"] = (publicKey) => {
      const last = publicKey[31];
      return () => last === one;
    };
    const suites = new SignatureSuites([{ ...NODE_ED25519, verifier }]);
    for (const last of [one, two, one, three] as number[]) {
      const like = { ...key, publicKey: key.publicKey.with(31, last) };
      expect(suites.verify(like, message, signature)).toBe(last === one);
    }
  });

  it("says that a suite cannot be computed instead of calling its signatures bad", () => {
    const { key, signature } = signedWith("ed25519");
    for (const suites of [new SignatureSuites([]), new SignatureSuites([MISSING])]) {
      expect(() => suites.verify(key, message, signature)).toThrow(expect.objectContaining({ code: "unsupported" }));
    }
  });
});

const EVERY_SUITE = SIGNATURE_RUNTIMES.flatMap(([runtime, suites]) =>
  SUITE_IDS.map((id) => [id, runtime, suites] as const),
);

describe("the runtimes", () => {
  it("verify what the others signed", () => {
    for (const [id, , suites] of EVERY_SUITE) {
      const { key, signature } = signedWith(id, suites);
      for (const [, others] of SIGNATURE_RUNTIMES) expect(others.verify(key, message, signature)).toBe(true);
    }
  });
});

describe.each(EVERY_SUITE)("hostile input to %s in %s", (id, _, suites) => {
  const { suite, key, signature } = signedWith(id, suites);
  const good = { publicKey: key.publicKey, message, signature: signature.bytes };
  const junk: unknown[] = [null, undefined, 0, 1n, "", "00".repeat(64), [], {}, { length: 64 }, () => 1];

  it("is false for values that are no bytes", () => {
    for (const part of ["publicKey", "message", "signature"] as const) {
      for (const value of [...junk, new DataView(new ArrayBuffer(64)), new Uint16Array(32), Array.from(good[part])]) {
        const bad = Object.assign({ ...good }, { [part]: value });
        expect(suite.verify(bad.publicKey, bad.message, bad.signature)).toBe(false);
      }
    }
  });

  it("is false for keys and signatures of every other length", () => {
    for (let size = 0; size <= 200; size++) {
      const resized = (bytes: Uint8Array) => Uint8Array.from({ length: size }, (_, index) => bytes[index] ?? 0);
      expect(suite.verify(good.publicKey, message, resized(good.signature))).toBe(size === 64);
      expect(suite.verify(resized(good.publicKey), message, good.signature)).toBe(size === good.publicKey.length);
    }
  });

  it("is false for a signature whose buffer was given away", () => {
    const given = Uint8Array.from(good.signature);
    structuredClone(given, { transfer: [given.buffer] });
    expect(suite.verify(good.publicKey, message, given)).toBe(false);
  });

  it("is false for a message over 1 GiB, which is not signed either", () => {
    const huge = new Uint8Array(2 ** 30 + 1);
    expect(suite.verify(good.publicKey, huge, good.signature)).toBe(false);
    const signer = suite.signer(suite.generate().privateKey);
    expect(() => signer.sign(huge)).toThrow(expect.objectContaining({ code: "limit_exceeded" }));
  });

  it("is false for bytes all alike", () => {
    for (let byte = 0; byte < 256; byte++) {
      const filled = (size: number) => new Uint8Array(size).fill(byte);
      expect(suite.verify(good.publicKey, message, filled(64))).toBe(false);
      expect(suite.verify(filled(good.publicKey.length), message, good.signature)).toBe(false);
      expect(suite.verify(filled(good.publicKey.length), filled(32), filled(64))).toBe(false);
    }
  });

  it("reads views into larger buffers", () => {
    const large = new Uint8Array(400);
    const view = (bytes: Uint8Array, at: number) => {
      large.set(bytes, at);
      return large.subarray(at, at + bytes.length);
    };
    expect(suite.verify(view(good.publicKey, 3), view(message, 101), view(good.signature, 203))).toBe(true);
  });
});
