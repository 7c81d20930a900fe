import { createECDH, createHash, createPrivateKey, sign } from "node:crypto";
import { challenge, encodedInteger, integer, L, mod } from "./naive-ed25519.ts";
import { naiveRoot } from "./naive-merkle-tree.ts";
import type { Frame } from "./naive-register-frame.ts";
import { signedMessage } from "./naive-register-keys.ts";
import {
  type Algorithm,
  type Charter,
  canonical,
  hexOf,
  type KeyRecord,
  naiveHash,
  naiveKeyId,
  naiveRegisterId,
  type Purpose,
  type Signature,
} from "./naive-register-records.ts";

/*
 * Registers from a plan, by docs/register-format.md, sharing no code with the product. The same plan gives the same
 * bytes. What a plan states wins over what would be right, so that it can be wrong in one thing and right in the rest.
 */

export interface TestKey {
  readonly seed: string;
  readonly record: KeyRecord;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export interface TransactionPlan {
  /** The first is the sender. */
  readonly signers: readonly TestKey[];
  /** The members of the body; those absent from it are filled in, and those that are undefined left out. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly forge?: (signatures: readonly Signature[], message: Uint8Array) => readonly Signature[];
  readonly rewrite?: (record: string) => string;
}

export interface DocketPlan {
  readonly sealer: TestKey;
  readonly header: Readonly<Record<string, unknown>>;
  readonly transactions: readonly TransactionPlan[];
  readonly forge?: (seal: Signature, message: Uint8Array) => Signature;
}

export interface BuiltRegister {
  readonly registerId: string;
  readonly charter: Charter;
  readonly dockets: readonly Frame[];
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export function seededKey(alg: Algorithm, seed: string, purposes: readonly Purpose[]): TestKey {
  const secret = Buffer.from(seed, "hex");
  const publicKey = alg === "ed25519" ? ed25519PublicKey(secret) : p256Point(secret, "compressed");
  const record = { alg, keyId: naiveKeyId(alg, publicKey), publicKey: hexOf(publicKey), purposes };
  return { seed, record, sign: (message) => (alg === "ed25519" ? signEd25519 : signP256)(secret, message) };
}

export function signatureBy({ record: { alg, keyId }, sign: signs }: TestKey, message: Uint8Array): Signature {
  return { alg, keyId, sig: base64url(signs(message)) };
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

export function buildRegister(charter: Charter, plan: readonly DocketPlan[]): BuiltRegister {
  const registerId = naiveRegisterId(charter);
  const dockets: Frame[] = [];
  for (const docket of plan) dockets.push(buildDocket(docket, { registerId, charter, dockets }));
  return { registerId, charter, dockets };
}

function buildDocket(plan: DocketPlan, { registerId, dockets }: BuiltRegister): Frame {
  const [ids, records]: [Buffer[], Buffer[]] = [[], []];
  let prevTxId = dockets.at(-1)?.ids.at(-1);
  for (const transaction of plan.transactions) {
    const { id, record } = buildTransaction(transaction, { registerId, prevTxId: prevTxId && hexOf(prevTxId) });
    ids.push(id);
    records.push(record);
    prevTxId = id;
  }
  const before = dockets.at(-1);
  const header = canonical({
    v: 1,
    registerId,
    height: String(dockets.length),
    prevDocketHash: before && hexOf(before.hash),
    logRoot: hexOf(naiveRoot(dockets.map(({ hash }) => hash))),
    txRoot: hexOf(naiveRoot(records)),
    txCount: records.length,
    policyVersion: 1,
    proposer: plan.sealer.record.keyId,
    ...plan.header,
  });
  const hash = naiveHash("docket", header);
  const message = signedMessage("docket", hash);
  const seal = signatureBy(plan.sealer, message);
  return { hash, header, seal: canonical(plan.forge?.(seal, message) ?? seal), ids, records };
}

function buildTransaction(plan: TransactionPlan, filled: { registerId: string; prevTxId: string | undefined }) {
  const body = { v: 1, ...filled, sender: plan.signers[0]?.record.keyId, ...plan.body };
  const id = naiveHash("tx", canonical(body));
  const message = signedMessage("tx", id);
  const signatures = plan.signers.map((key) => signatureBy(key, message));
  const record = canonical({ body, signatures: plan.forge?.(signatures, message) ?? signatures }).toString();
  return { id, record: Buffer.from(plan.rewrite?.(record) ?? record) };
}

/** A docket as one sequence of bytes. */
export function frameBytes(frame: Frame): Buffer {
  return Buffer.concat(frameSections(frame));
}

/** What a docket's bytes consist of, one after the other. */
export function frameSections({ hash, header, seal, ids, records }: Frame): readonly Buffer[] {
  const withLength = (bytes: Uint8Array) => [number(bytes.length), Buffer.from(bytes)];
  const start = [Buffer.from("SRD1"), Buffer.from(hash), ...withLength(header), ...withLength(seal)];
  return [...start, number(ids.length), ...ids.map((id) => Buffer.from(id)), ...records.flatMap(withLength)];
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function ed25519Key(seed: Uint8Array) {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function ed25519PublicKey(seed: Uint8Array): Buffer {
  return Buffer.from(ed25519Key(seed).export({ format: "jwk" }).x ?? "", "base64url");
}

function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return sign(null, message, ed25519Key(seed));
}

/** A signature whose R is the neutral element in the encoding given: it fulfils the equation, with no secret number. */
export function signEd25519WithNeutral(seed: string, message: Uint8Array, r: Uint8Array): Uint8Array {
  const bytes = Buffer.from(seed, "hex");
  const scalar = createHash("sha512").update(bytes).digest().subarray(0, 32);
  scalar[0] = (scalar[0] ?? 0) & 248;
  scalar[31] = ((scalar[31] ?? 0) & 127) | 64;
  const s = mod(challenge(r, ed25519PublicKey(bytes), message) * integer(scalar), L);
  return Buffer.concat([r, encodedInteger(s)]);
}

/** Adds the order of the group to S, or turns s into n - s: what fulfils the equation too and must not be accepted. */
export function otherS({ alg, keyId, sig }: Signature): Signature {
  const bytes = Buffer.from(sig, "base64url");
  const [r, s] = [bytes.subarray(0, 32), bytes.subarray(32)];
  const other = alg === "ed25519" ? encodedInteger(integer(s) + L) : bigEndian(P256_ORDER - numberOf(s));
  return { alg, keyId, sig: base64url(Buffer.concat([r, other])) };
}

function p256Point(scalar: Uint8Array, form: "compressed" | "uncompressed"): Buffer {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey(null, form);
}

/** ECDSA by its definition, with a secret number from the seed and the message, so that vectors stay the same. */
function signP256(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const hash = (...parts: readonly Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const nonce = hash(Buffer.from("test nonce"), seed, message);
  const r = mod(numberOf(p256Point(nonce, "uncompressed").subarray(1, 33)), P256_ORDER);
  const s = mod(inverse(numberOf(nonce)) * (numberOf(hash(message)) + r * numberOf(seed)), P256_ORDER);
  return Buffer.concat([bigEndian(r), bigEndian(s > P256_ORDER / 2n ? P256_ORDER - s : s)]);
}

function inverse(value: bigint): bigint {
  let result = 1n;
  let square = mod(value, P256_ORDER);
  for (let rest = P256_ORDER - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * square, P256_ORDER);
    square = mod(square * square, P256_ORDER);
  }
  return result;
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${hexOf(bytes)}`);
}

function bigEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}
