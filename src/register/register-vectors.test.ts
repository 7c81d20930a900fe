import { describe, expect, it } from "vitest";
import { applyEdits, type HostileVector, readRegisterVectors } from "../../test/vectors/register-vectors.ts";
import { base64UrlOf, bytesOfBase64Url, bytesOfHex, hexOf, utf8 } from "../signatures/byte-text.ts";
import { domainSeparated } from "../signatures/domain-separated.ts";
import { keyIdOf } from "../signatures/key-id.ts";
import { decodeRecord, encodeRecord, type ProtocolRecord } from "../signatures/protocol-record.ts";
import type { SuiteId } from "../signatures/signature-suite.ts";
import { type DocketVerdict, type GivenLedger, verifyGivenLedger } from "../testing/ledger-verification.ts";
import { SIGNATURE_RUNTIMES } from "../testing/signature-runtimes.ts";
import { CHARTER_FORM, type Charter, KEY_RECORD_FORM, registerIdOf } from "./ledger/charter.ts";
import { docketHashOf, encodeHeader, encodeSeal, readHeader, readSeal } from "./ledger/docket.ts";
import { decodeFrame, encodeFrame } from "./ledger/docket-frame.ts";
import type { RecordSignature } from "./ledger/record-form.ts";
import { encodeTransaction, readTransaction, transactionIdOf } from "./ledger/transaction.ts";
import { appendLeaf, EMPTY_FRONTIER, rootOf } from "./merkle/frontier.ts";
import { leafHash } from "./merkle/tree-hash.ts";
import { formatCheckpoint, parseCheckpoint } from "./notes/checkpoint.ts";
import { formatNote, noteVerifier, parseNote, signersOf } from "./notes/signed-note.ts";

/* The register against the vectors of a second implementation, which is made from the document alone. */

const vectors = readRegisterVectors();
const { registerId, keys, transactions, logRoots, checkpoint } = vectors;
const charter = vectors.charter as Charter & typeof vectors.charter;
const dockets = vectors.dockets.map((docket) => ({ ...docket, bytes: Buffer.from(docket.bytes, "base64") }));
const wholeLog = { size: BigInt(dockets.length), root: bytesOfHex(logRoots.at(-1)?.root ?? "") };

function keyOf(keyId: string) {
  const key = keys.find((one) => one.keyId === keyId);
  return { alg: key?.alg as SuiteId, seed: bytesOfHex(key?.seed ?? ""), publicKey: bytesOfHex(key?.publicKey ?? "") };
}

describe("the register of the vectors", () => {
  it("has a charter that gives its id", () => {
    expect(CHARTER_FORM(charter)).toBe(true);
    expect(registerIdOf(charter)).toBe(registerId);
  });

  it.each(keys)("has the key of the $name", ({ name: _, seed: __, ...record }) => {
    expect(KEY_RECORD_FORM(record)).toBe(true);
    expect(keyIdOf(record.alg, bytesOfHex(record.publicKey))).toBe(record.keyId);
  });

  it.each(transactions)("has the transaction $index of docket $height", ({ record, id, leafHash: leaf }) => {
    const transaction = readTransaction(utf8(record));
    expect(decodeRecord(utf8(record))).toEqual(JSON.parse(record));
    expect(transaction?.txId).toBe(id);
    expect(transaction && hexOf(transactionIdOf(transaction.body))).toBe(id);
    expect(transaction && Buffer.from(encodeTransaction(transaction)).toString()).toBe(record);
    expect(hexOf(leafHash(utf8(record)))).toBe(leaf);
  });

  it.each(dockets)("has the docket $height", ({ height, hash, header, seal, bytes }) => {
    const own = transactions.filter((one) => one.height === height);
    const records = own.map(({ record }) => utf8(record));
    const txIds = own.map(({ id }) => bytesOfHex(id));
    const parts = { docketHash: bytesOfHex(hash), header: utf8(header), seal: utf8(seal), txIds, records };
    expect(Buffer.from(encodeFrame(parts)).equals(bytes)).toBe(true);
    const frame = decodeFrame(bytes);
    expect(frame && Buffer.from(encodeFrame(frame)).equals(bytes)).toBe(true);
    expect(frame?.txIds.map(hexOf)).toEqual(own.map(({ id }) => id));
    const [readAsHeader, readAsSeal] = [readHeader(utf8(header)), readSeal(utf8(seal))];
    expect(readAsHeader && Buffer.from(encodeHeader(readAsHeader)).toString()).toBe(header);
    expect(readAsSeal && Buffer.from(encodeSeal(readAsSeal)).toString()).toBe(seal);
    expect(hexOf(docketHashOf(utf8(header)))).toBe(hash);
    const root = records.reduce((grown, record) => appendLeaf(grown, leafHash(record)), EMPTY_FRONTIER);
    expect(readAsHeader?.txRoot).toBe(hexOf(rootOf(root)));
  });

  it("has the roots of its log", () => {
    let log = EMPTY_FRONTIER;
    const roots = [log, ...dockets.map(({ hash }) => (log = appendLeaf(log, leafHash(bytesOfHex(hash)))))];
    expect(roots.map((at) => ({ size: at.size.toString(), root: hexOf(rootOf(at)) }))).toEqual(logRoots);
  });
});

describe.each(SIGNATURE_RUNTIMES)("in %s, the signatures of the vectors", (_, suites) => {
  const signed = [
    ...transactions.flatMap(({ record, id }) => {
      const { signatures } = JSON.parse(record) as { readonly signatures: readonly RecordSignature[] };
      return signatures.map((signature) => ({ signature, message: domainSeparated("tx", bytesOfHex(id)) }));
    }),
    ...dockets.map(({ seal, hash }) => {
      return { signature: JSON.parse(seal) as RecordSignature, message: domainSeparated("docket", bytesOfHex(hash)) };
    }),
  ];

  it("are valid, and those of Ed25519 the ones that it makes", () => {
    for (const { signature, message } of signed) {
      const { alg, seed, publicKey } = keyOf(signature.keyId);
      const bytes = bytesOfBase64Url(signature.sig) ?? new Uint8Array();
      expect(suites.verify({ algorithm: alg, publicKey }, message, { algorithm: signature.alg, bytes })).toBe(true);
      const signer = suites.find(alg)?.signer(seed);
      expect(signer && hexOf(signer.publicKey)).toBe(hexOf(publicKey));
      if (alg === "ed25519") expect(signer && base64UrlOf(signer.sign(message))).toBe(signature.sig);
    }
  });

  it("are those of the checkpoint too", () => {
    const origin = `strongroom/register/${registerId}`;
    const text = formatCheckpoint({ origin, ...wholeLog, extensions: [] });
    const notary = noteVerifier(origin, bytesOfHex(checkpoint.publicKey));
    const { seed } = keys.find(({ publicKey }) => publicKey === checkpoint.publicKey) ?? { seed: "" };
    const signature = suites.find("ed25519")?.signer(bytesOfHex(seed)).sign(utf8(text)) ?? new Uint8Array();
    expect(formatNote({ text, signatures: [{ ...notary, signature }] })).toBe(checkpoint.note);
    const note = parseNote(checkpoint.note);
    expect(note && parseCheckpoint(note.text)).toEqual({ origin, ...wholeLog, extensions: [] });
    const verify = (publicKey: Uint8Array, message: Uint8Array, bytes: Uint8Array) =>
      suites.verify({ algorithm: "ed25519", publicKey }, message, { algorithm: "ed25519", bytes });
    expect(note && signersOf(note, [notary], verify)).toEqual([notary]);
  });
});

describe("the verification of the vectors", () => {
  const whole = { registerId, dockets: dockets.map(({ bytes }) => bytes) };
  const corrupt = (given: GivenLedger) => verifyGivenLedger(given).dockets.filter(({ type }) => type !== undefined);
  const asSets = (verdicts: readonly DocketVerdict[]) =>
    verdicts.map((verdict) => ({ ...verdict, transactionIds: verdict.transactionIds.toSorted() }));

  it("finds nothing in the register itself, with a checkpoint of any size and without", () => {
    expect(corrupt(whole)).toEqual([]);
    for (const { size, root } of logRoots.slice(1)) {
      const trusted = [{ size: BigInt(size), root: bytesOfHex(root) }];
      expect(verifyGivenLedger({ ...whole, charter, trusted }).verdict).toMatchObject({ ranges: [], trust: "proven" });
    }
  });

  it("follows a register whose records it writes itself", () => {
    for (const { record } of transactions) {
      expect(Buffer.from(encodeRecord(JSON.parse(record) as ProtocolRecord)).toString()).toBe(record);
    }
  });

  const hostile = vectors.hostile.map((vector): [string, HostileVector] => [`${vector.check}: ${vector.name}`, vector]);
  it.each(hostile)("comes to the verdicts of check %s", (_, vector) => {
    const { verdicts, verdictsWithCheckpoint = verdicts, verdictsWithCharter, disagreeing } = vector;
    const given = { registerId, disagreeing, dockets: applyEdits(whole.dockets, vector) };
    const { size, root } = vector.checkpoint ?? { size: dockets.length, root: hexOf(wholeLog.root) };
    const trusted = [{ size: BigInt(size), root: bytesOfHex(root) }];
    expect(asSets(corrupt(given))).toEqual(asSets(verdicts));
    expect(asSets(corrupt({ ...given, trusted }))).toEqual(asSets(verdictsWithCheckpoint));
    expect(asSets(corrupt({ ...given, charter }))).toEqual(asSets(verdictsWithCharter ?? verdicts));
    expect(asSets(corrupt({ ...given, charter, trusted }))).toEqual(
      asSets(verdictsWithCharter ?? verdictsWithCheckpoint),
    );
  });
});
