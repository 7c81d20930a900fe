import { bytesOfHex, hexOf } from "../../signatures/byte-text.ts";
import { domainHash } from "../../signatures/domain-separated.ts";
import { keyIdOf } from "../../signatures/key-id.ts";
import { encodeRecord, type ProtocolRecord } from "../../signatures/protocol-record.ts";
import type { SuiteId } from "../../signatures/signature-suite.ts";
import { isAcceptedKey } from "../../signatures/signature-suites.ts";
import {
  exactly,
  type Form,
  HASH_FORM,
  ID_FORM,
  INSTANT_FORM,
  listForm,
  oneOf,
  recordForm,
  SUITE_FORM,
  textForm,
} from "./record-form.ts";

export const KEY_PURPOSES = ["checkpoint", "docket", "tx"] as const;
export type KeyPurpose = (typeof KEY_PURPOSES)[number];
const CHARTER_KEYS_MAX = 16;
const REGISTER_ID_DIGITS = 32;

/** A public key and what it may sign. */
export interface KeyRecord extends ProtocolRecord {
  readonly alg: SuiteId;
  readonly keyId: string;
  /** Hexadecimal. */
  readonly publicKey: string;
  /** Sorted, each once. */
  readonly purposes: readonly KeyPurpose[];
}

/** How a register begins. Its hash is the register's id, so who knows the id knows the first keys. */
export interface Charter extends ProtocolRecord {
  readonly v: 1;
  readonly hashAlg: "sha256";
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly keys: readonly KeyRecord[];
  /** 64 hexadecimal digits, so that no two registers are the same. */
  readonly nonce: string;
}

const hasKeyMembers = recordForm({
  alg: SUITE_FORM,
  keyId: ID_FORM,
  publicKey: textForm(/^(?:[0-9a-f]{64}|[0-9a-f]{66})$/),
  purposes: listForm(oneOf(KEY_PURPOSES), 1, KEY_PURPOSES.length),
});

const PUBLIC_KEY_DIGITS: Readonly<Record<SuiteId, number>> = { ed25519: 64, p256: 66 };

/** A record of a key that its suite accepts, with the id of that key. */
export const KEY_RECORD_FORM: Form = (value) => {
  if (!hasKeyMembers(value)) return false;
  const { alg, keyId, publicKey, purposes } = value as KeyRecord;
  if (publicKey.length !== PUBLIC_KEY_DIGITS[alg] || !isStrictlySorted(purposes)) return false;
  const bytes = bytesOfHex(publicKey);
  return keyIdOf(alg, bytes) === keyId && isAcceptedKey({ algorithm: alg, publicKey: bytes });
};

const hasCharterMembers = recordForm({
  v: exactly(1),
  hashAlg: exactly("sha256"),
  createdAt: INSTANT_FORM,
  keys: listForm(KEY_RECORD_FORM, 1, CHARTER_KEYS_MAX),
  nonce: HASH_FORM,
});

export const CHARTER_FORM: Form = (value) => {
  if (!hasCharterMembers(value)) return false;
  const { keys } = value as Charter;
  return new Set(keys.map(({ keyId }) => keyId)).size === keys.length;
};

/** 32 hexadecimal digits. */
export function registerIdOf(charter: Charter): string {
  return hexOf(domainHash("register", encodeRecord(charter))).slice(0, REGISTER_ID_DIGITS);
}

/** Whether a value that may come from an enemy is the charter of this register. */
export function isCharterOf(registerId: string, value: unknown): value is Charter {
  return CHARTER_FORM(value) && registerIdOf(value as Charter) === registerId;
}

function isStrictlySorted(texts: readonly string[]): boolean {
  return texts.every((text, index) => index === 0 || (texts[index - 1] as string) < text);
}
