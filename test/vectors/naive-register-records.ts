import { createHash, createPublicKey, verify } from "node:crypto";
import serialize from "canonicalize";
import { decoded, isSame, naiveVerifyEd25519, O, times } from "./naive-ed25519.ts";

/*
 * The records of a register and the keys that sign them, from docs/register-format.md alone, sharing no code with the
 * product. A form is a table that reads like the tables of the document.
 */

export interface KeyRecord {
  readonly alg: Algorithm;
  readonly keyId: string;
  readonly publicKey: string;
  readonly purposes: readonly Purpose[];
}

export interface Charter {
  readonly createdAt: number;
  readonly hashAlg: "sha256";
  readonly keys: readonly KeyRecord[];
  readonly nonce: string;
  readonly v: 1;
}

export interface Signature {
  readonly alg: Algorithm;
  readonly keyId: string;
  readonly sig: string;
}

export type KeyChange = { readonly add: KeyRecord } | { readonly end: string; readonly reason: "retired" | "revoked" };

/** The members of a transaction's body that a check looks at. */
export interface Body {
  readonly registerId: string;
  readonly type: "genesis" | "event" | "key";
  readonly prevTxId?: string;
  readonly createdAt: number;
  readonly eventId?: string;
  readonly eventType?: string;
  readonly actor?: Readonly<Record<string, string>>;
  readonly charter?: Charter;
  readonly keys?: readonly KeyChange[];
  readonly commitment?: string;
  readonly value?: string;
}

export interface Transaction {
  readonly body: Body;
  readonly signatures: readonly Signature[];
}

export interface Header {
  readonly registerId: string;
  readonly height: string;
  readonly prevDocketHash?: string;
  readonly logRoot: string;
  readonly txRoot: string;
  readonly txCount: number;
  readonly sealedAt: number;
  readonly epoch: string;
  readonly proposer: string;
}

export type Algorithm = "ed25519" | "p256";
export type Purpose = "tx" | "docket" | "checkpoint";

const RECORD_BYTES_MAX = 2 ** 20;
/** Below the outermost. */
const LEVELS_MAX = 16;
/** The end of the year 9999. */
const INSTANT_MAX = 253_402_300_799_999;

/** H(kind, content) of the document. */
export function naiveHash(kind: string, content: Uint8Array): Buffer {
  return createHash("sha256").update(`strongroom/${kind}/v1\n`).update(content).digest();
}

/** The canonical form of a value, RFC 8785, in UTF-8. */
export function canonical(value: unknown): Buffer {
  return Buffer.from(serialize(value) ?? "");
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function naiveKeyId(alg: Algorithm, publicKey: Uint8Array): string {
  return hexOf(naiveHash("key", Buffer.concat([Buffer.from(`${alg}\n`), publicKey]))).slice(0, 32);
}

export function naiveRegisterId(charter: Charter): string {
  return hexOf(naiveHash("register", canonical(charter))).slice(0, 32);
}

/** The value of a record; undefined when the bytes are none. */
function readRecord(bytes: Uint8Array): unknown {
  if (bytes.length > RECORD_BYTES_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    // A member twice, a space, an exponent or -0 is lost by parsing: the canonical form of the value has other bytes.
    return isPlain(value) && canonical(value).equals(bytes) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is of what records are made of. */
export function isPlain(value: unknown, level = 0): boolean {
  if (typeof value === "object" && value !== null) return level <= LEVELS_MAX && isPlainInside(value, level + 1);
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0);
  return typeof value === "string" ? value.isWellFormed() && !value.includes("\0") : typeof value === "boolean";
}

function isPlainInside(value: object, level: number): boolean {
  const names = Array.isArray(value) ? [] : Object.keys(value);
  const areNamed = names.every((name) => name !== "__proto__" && isPlain(name));
  return areNamed && Object.values(value).every((inner) => isPlain(inner, level));
}

/** Whether a value has a form. */
export type Form = (value: unknown) => boolean;

const just =
  (...values: readonly unknown[]): Form =>
  (value) =>
    values.includes(value);
const text =
  (pattern: RegExp): Form =>
  (value) =>
    typeof value === "string" && pattern.test(value);
const integer =
  (min: number, max: number): Form =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
const either =
  (...forms: readonly Form[]): Form =>
  (value) =>
    forms.some((form) => form(value));
const both =
  <T>(form: Form, rule: (value: T) => boolean): Form =>
  (value) =>
    form(value) && rule(value as T);
export const list =
  (form: Form, min: number, max: number): Form =>
  (value) =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((item) => form(item));

/** Exactly the members listed; one whose name ends in a question mark may be absent. */
export const object =
  (members: Readonly<Record<string, Form>>): Form =>
  (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const left = new Map<string, unknown>(Object.entries(value));
    for (const [listed, form] of Object.entries(members)) {
      const name = listed.replace("?", "");
      if (left.has(name) ? !form(left.get(name)) : name === listed) return false;
      left.delete(name);
    }
    return left.size === 0;
  };

/** Base64url without padding, and with zeros in the bits that the last character has left over. */
const base64url = (length: number) =>
  both<string>(text(/^[A-Za-z0-9_-]+$/), (value) => {
    return value.length === length && Buffer.from(value, "base64url").toString("base64url") === value;
  });
const isEachOnce = (values: readonly unknown[]) => new Set(values).size === values.length;

const HEX_32 = text(/^[0-9a-f]{32}$/);
export const HEX_64 = text(/^[0-9a-f]{64}$/);
const INSTANT = integer(0, INSTANT_MAX);
export const INTEGER_64 = both<string>(text(/^(0|[1-9][0-9]{0,18})$/), (value) => BigInt(value) < 2n ** 63n);
const UUID = text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const NAME = text(/^[\x21-\x7e]{1,64}$/);
const ALGORITHM = just("ed25519", "p256");
export const SECRET = base64url(43);

const KEY_RECORD = both<KeyRecord>(
  object({
    alg: ALGORITHM,
    keyId: HEX_32,
    publicKey: text(/^([0-9a-f]{2}){32,33}$/),
    purposes: both<string[]>(list(just("tx", "docket", "checkpoint"), 1, 3), (purposes) => {
      return isEachOnce(purposes) && purposes.join() === purposes.toSorted().join();
    }),
  }),
  ({ alg, keyId, publicKey }) => {
    const raw = Buffer.from(publicKey, "hex");
    return keyId === naiveKeyId(alg, raw) && (alg === "ed25519" ? isEd25519Key(raw) : p256Key(raw) !== undefined);
  },
);

export const CHARTER = object({
  createdAt: INSTANT,
  hashAlg: just("sha256"),
  keys: both<KeyRecord[]>(list(KEY_RECORD, 1, 16), (keys) => isEachOnce(keys.map(({ keyId }) => keyId))),
  nonce: HEX_64,
  v: just(1),
});

export const SEAL = object({ alg: ALGORITHM, keyId: HEX_32, sig: base64url(86) });

const COMMON = { v: just(1), registerId: HEX_32, "prevTxId?": HEX_64, sender: HEX_32, createdAt: INSTANT };
const EVENT = {
  eventId: UUID,
  eventType: text(/^[a-z_]{1,64}$/),
  commitment: HEX_64,
  actor: object({ "id?": NAME, "role?": NAME, type: NAME }),
  "subject?": HEX_64,
  "item?": HEX_64,
  "parents?": list(HEX_64, 1, 64),
  "value?": base64url(43),
};
const KEY_CHANGE = either(object({ add: KEY_RECORD }), object({ end: HEX_32, reason: just("retired", "revoked") }));
const BODY = either(
  object({ ...COMMON, type: just("genesis"), charter: CHARTER }),
  object({ ...COMMON, type: just("event"), ...EVENT }),
  object({ ...COMMON, type: just("key"), ...EVENT, keys: list(KEY_CHANGE, 1, 16) }),
);

export const TRANSACTION = both<{ body: { sender: string }; signatures: Signature[] }>(
  object({ body: BODY, signatures: list(SEAL, 1, 8) }),
  ({ body, signatures }) => {
    return isEachOnce(signatures.map(({ keyId }) => keyId)) && signatures[0]?.keyId === body.sender;
  },
);

const HEADER_MEMBERS = object({
  v: just(1),
  registerId: HEX_32,
  height: INTEGER_64,
  "prevDocketHash?": HEX_64,
  logRoot: HEX_64,
  txRoot: HEX_64,
  txCount: integer(1, 1000),
  sealedAt: INSTANT,
  epoch: INTEGER_64,
  policyVersion: just(1),
  proposer: HEX_32,
});
export const HEADER = both<Header>(HEADER_MEMBERS, ({ height, prevDocketHash }) => {
  return height === "0" ? prevDocketHash === undefined : prevDocketHash !== undefined;
});

/** The record in the bytes; undefined when they are no record, have another form or are too many. */
export function readForm<T>(bytes: Uint8Array, form: Form, bytesMax: number): T | undefined {
  if (bytes.length > bytesMax) return undefined;
  const value = readRecord(bytes);
  return form(value) ? (value as T) : undefined;
}

/** Points are slow here, and keys few. */
const ED25519_KEYS = new Map<string, boolean>();

function isEd25519Key(publicKey: Uint8Array): boolean {
  const name = hexOf(publicKey);
  const known = ED25519_KEYS.get(name);
  if (known !== undefined) return known;
  const point = publicKey.length === 32 ? decoded(publicKey) : undefined;
  const isKey = point !== undefined && !isSame(times(8n, point), O);
  ED25519_KEYS.set(name, isKey);
  return isKey;
}

/** SubjectPublicKeyInfo (RFC 8410) of an Ed25519 key, up to the key. */
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** Whether a library verifies the signature. It accepts all that the rule does, and some more. */
function isEd25519Signature(publicKey: Uint8Array, message: Uint8Array, sig: Uint8Array): boolean {
  const der = Buffer.concat([ED25519_SPKI, publicKey]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), sig);
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
/** SubjectPublicKeyInfo (RFC 5480) of a compressed point, up to the point. */
const P256_SPKI = Buffer.from("3039301306072a8648ce3d020106082a8648ce3d030107032200", "hex");

function p256Key(publicKey: Uint8Array) {
  if (publicKey.length !== 33) return undefined;
  try {
    return createPublicKey({ key: Buffer.concat([P256_SPKI, publicKey]), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** Whether a signature is one that the table of algorithms accepts. */
export function isAccepted(
  { alg, publicKey }: Pick<KeyRecord, "alg" | "publicKey">,
  message: Uint8Array,
  sig: Uint8Array,
): boolean {
  const raw = Buffer.from(publicKey, "hex");
  if (sig.length !== 64) return false;
  // The no of a library saves the slow way; its yes is not enough.
  if (alg === "ed25519") return isEd25519Signature(raw, message, sig) && naiveVerifyEd25519(raw, message, sig);
  const [r, s] = [BigInt(`0x${hexOf(sig.subarray(0, 32))}`), BigInt(`0x${hexOf(sig.subarray(32))}`)];
  const key = p256Key(raw);
  if (!key || r === 0n || r >= P256_ORDER || s === 0n || s > P256_ORDER / 2n) return false;
  return verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, sig);
}
