import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import {
  formatNote,
  formatVerifier,
  NOTE_SIGNATURES_MAX,
  noteVerifier,
  parseNote,
  parseVerifier,
  type SignedNote,
  signersOf,
} from "./signed-note.ts";

/** The note and the key of the documentation of Go's package golang.org/x/mod/sumdb/note. */
const VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

const SPKI = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

function isSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: "der", type: "spki" });
  return verify(null, message, key, signature);
}

function signer(name: string, seed: number) {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.alloc(32, seed)]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(SPKI.length);
  const verifier = noteVerifier(name, publicKey);
  const signed = (text: string) => ({ name, keyId: verifier.keyId, signature: sign(null, Buffer.from(text), key) });
  return { verifier, signed };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const parsed = (note: string): SignedNote => parseNote(note) ?? expect.fail("no note");

describe("a signed note", () => {
  it("is read, verified and written as Go does", () => {
    const note = parsed(NOTE);
    const verifier = parseVerifier(VERIFIER) ?? expect.fail("no verifier");
    expect(signersOf(note, [verifier], isSignature)).toEqual([verifier]);
    expect(formatNote(note)).toBe(NOTE);
    expect(formatVerifier(verifier)).toBe(VERIFIER);
  });

  it("is signed by those whose lines are there and right", () => {
    const [ana, bob, eve] = [signer("ana.example/log", 1), signer("bob", 2), signer("bob", 3)];
    const text = "one\n\ntwo\n";
    const note = parsed(formatNote({ text, signatures: [ana.signed(text), bob.signed(text), ana.signed(text)] }));
    expect(note.text).toBe(text);
    expect(signersOf(note, [bob.verifier, ana.verifier], isSignature)).toEqual([ana.verifier, bob.verifier]);
    // Another key of the same name is another signer.
    expect(signersOf(note, [eve.verifier], isSignature)).toEqual([]);
    const forged = { ...bob.signed(text), signature: eve.signed(text).signature };
    const mixed = parsed(formatNote({ text, signatures: [ana.signed(text), forged] }));
    expect(signersOf(mixed, [ana.verifier, bob.verifier], isSignature)).toBeUndefined();
    expect(signersOf(mixed, [ana.verifier], isSignature)).toEqual([ana.verifier]);
  });

  it("is no longer signed when any bit of its text or its signature is another one", () => {
    const verifier = parseVerifier(VERIFIER) ?? expect.fail("no verifier");
    const { text, signatures } = parsed(NOTE);
    const [line] = signatures;
    if (!line) expect.fail("no signature");
    for (let bit = 0; bit < line.signature.length * 8; bit++) {
      const signature = Buffer.from(line.signature);
      signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(signersOf({ text, signatures: [{ ...line, signature }] }, [verifier], isSignature)).toBeUndefined();
    }
    for (let at = 0; at < text.length; at++) {
      const other = `${text.slice(0, at)}${text[at] === "x" ? "y" : "x"}${text.slice(at + 1)}`;
      expect(signersOf({ text: other, signatures }, [verifier], isSignature)).toBeUndefined();
    }
  });

  it.each([
    ["nothing", ""],
    ["a text alone", "text\n"],
    ["no empty line", "text\n\u2014 a AAAAAAA=\n"],
    ["no line break at the end", "text\n\n\u2014 a AAAAAAA="],
    ["another dash", "text\n\n- a AAAAAAA=\n"],
    ["no name", "text\n\n\u2014  AAAAAAA=\n"],
    ["a plus in a name", "text\n\n\u2014 a+b AAAAAAA=\n"],
    ["a space in a name", "text\n\n\u2014 a\u00a0b AAAAAAA=\n"],
    ["three parts", "text\n\n\u2014 a AAAAAAA= b\n"],
    ["no base64", "text\n\n\u2014 a AAAA*AA=\n"],
    ["base64 without its padding", "text\n\n\u2014 a AAAAAAA\n"],
    ["bits after the end of base64", "text\n\n\u2014 a AAAAAAB=\n"],
    ["a key id alone", "text\n\n\u2014 a AAAAAA==\n"],
    ["a control character", "te\u0007xt\n\n\u2014 a AAAAAAA=\n"],
    ["a carriage return", "text\r\n\n\u2014 a AAAAAAA=\n"],
    ["a lone surrogate", "te\ud800xt\n\n\u2014 a AAAAAAA=\n"],
    ["too many lines", `text\n\n${"\u2014 a AAAAAAA=\n".repeat(NOTE_SIGNATURES_MAX + 1)}`],
  ])("is not read with %s", (_, note) => {
    expect(parseNote(note)).toBeUndefined();
  });

  it("has names of any characters but controls, white space as Unicode has it, and the plus sign", () => {
    // PropList.txt of Unicode, White_Space, and what no note has.
    const spaces = [0x20, 0x85, 0xa0, 0x1680, ...range(0x2000, 0x200a), 0x2028, 0x2029, 0x202f, 0x205f, 0x3000];
    const refused = new Set([...range(0, 0x1f), "+".charCodeAt(0), ...spaces, ...range(0xd800, 0xdfff)]);
    for (const unit of range(0, 0xffff)) {
      const name = `a${String.fromCharCode(unit)}b`;
      const isRead = parseNote(`text\n\n\u2014 ${name} AAAAAAA=\n`) !== undefined;
      if (isRead === refused.has(unit)) expect({ unit, isRead }).toEqual({ unit, isRead: !isRead });
    }
    expect(parsed("text\n\n\u2014 a\u{1f511}b AAAAAAA=\n").signatures).toHaveLength(1);
  });

  it("is at most 1,000,000 bytes", () => {
    const [before, after] = ["text\n\n\u2014 ", " AAAAAAA=\n"];
    const left = 1_000_000 - Buffer.byteLength(before + after);
    expect(parseNote(before + "a".repeat(left) + after)).toBeDefined();
    expect(parseNote(before + "a".repeat(left + 1) + after)).toBeUndefined();
    expect(parseNote(`${before}\u20ac${"a".repeat(left - 3)}${after}`)).toBeDefined();
    expect(parseNote(`${before}\u20ac${"a".repeat(left - 2)}${after}`)).toBeUndefined();
  });

  it.each([
    ["another key id", VERIFIER.replace("c74f20a3", "c74f20a4")],
    ["a key id in capitals", VERIFIER.replace("c74f20a3", "C74F20A3")],
    ["another kind of key", VERIFIER.replace("+ARpc", "+Ahpc")],
    ["a short key", `${VERIFIER.slice(0, -4)}`],
    ["no name", VERIFIER.replace("PeterNeumann", "")],
    ["a space in its name", VERIFIER.replace("PeterNeumann", "Peter\u0085Neumann")],
    ["two parts", "PeterNeumann+c74f20a3"],
  ])("has no verifier with %s", (_, text) => {
    expect(parseVerifier(text)).toBeUndefined();
  });

  it("has verifiers of any key, whatever its base64 looks like", () => {
    for (let round = 0; round < 50; round++) {
      const { publicKey } = generateKeyPairSync("ed25519");
      const key = publicKey.export({ format: "der", type: "spki" }).subarray(SPKI.length);
      const verifier = noteVerifier("strongroom/test", key);
      expect(parseVerifier(formatVerifier(verifier))?.publicKey).toEqual(Uint8Array.from(key));
    }
  });
});

describe("a checkpoint", () => {
  const ROOT = Buffer.alloc(32, 7);

  it("is read as it was written", () => {
    const line = fc.stringMatching(/^[!-~]{1,20}$/);
    const checkpoints = fc.record({
      origin: line,
      size: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      extensions: fc.array(line, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(checkpoints, (checkpoint) => {
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
      }),
      { seed: 20_261_121 },
    );
  });

  it("has the form that witnesses know", () => {
    const text = formatCheckpoint({ origin: "example.com/log", size: 20_852_163n, root: ROOT, extensions: [] });
    expect(text).toBe(`example.com/log\n20852163\n${ROOT.toString("base64")}\n`);
  });

  const root = ROOT.toString("base64");
  it.each([
    ["two lines", `log\n5\n`],
    ["no origin", `\n5\n${root}\n`],
    ["a size with a zero in front", `log\n05\n${root}\n`],
    ["a size with a sign", `log\n+5\n${root}\n`],
    ["a size in hexadecimal", `log\n0x5\n${root}\n`],
    ["a size beyond 2^63 - 1", `log\n9223372036854775808\n${root}\n`],
    ["no size", `log\n\n${root}\n`],
    ["a short root", `log\n5\nAAAA\n`],
    ["a root without its padding", `log\n5\n${root.slice(0, -1)}\n`],
    ["an empty line", `log\n5\n${root}\n\nmore\n`],
    ["no line break at the end", `log\n5\n${root}`],
  ])("is not read with %s", (_, text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});
