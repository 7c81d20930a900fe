import { hexOf } from "../../signatures/byte-text.ts";
import { domainHash } from "../../signatures/domain-separated.ts";
import { decodeRecord, encodeRecord, type ProtocolRecord } from "../../signatures/protocol-record.ts";
import { CHARTER_FORM, type Charter, KEY_RECORD_FORM, type KeyRecord } from "./charter.ts";
import {
  COMMITMENT_FORM,
  exactly,
  type Form,
  HASH_FORM,
  ID_FORM,
  INSTANT_FORM,
  listForm,
  oneOf,
  RECORD_SIGNATURE_FORM,
  type RecordSignature,
  recordForm,
  textForm,
  UUID_FORM,
} from "./record-form.ts";

export const TRANSACTION_BYTES_MAX = 65_536;
const SIGNATURES_MAX = 8;
const KEY_CHANGES_MAX = 16;
export const PARENTS_MAX = 64;

export type KeyChange = { readonly add: KeyRecord } | { readonly end: string; readonly reason: "retired" | "revoked" };

/** What a transaction says. `docs/register-format.md` has the members. */
export interface TransactionBody extends ProtocolRecord {
  readonly v: 1;
  readonly registerId: string;
  readonly type: "genesis" | "event" | "key";
  readonly sender: string;
  readonly createdAt: number;
}

export interface Transaction {
  readonly body: TransactionBody;
  readonly signatures: readonly RecordSignature[];
}

const NAME_FORM = textForm(/^[\x21-\x7e]{1,64}$/, '"[!#-\\[\\]-~]{1,64}"');

const EVENT_MEMBERS: Readonly<Record<string, Form>> = {
  eventId: UUID_FORM,
  eventType: textForm(/^[a-z_]{1,64}$/, '"[a-z_]{1,64}"'),
  commitment: HASH_FORM,
  actor: recordForm({ type: NAME_FORM, "id?": NAME_FORM, "role?": NAME_FORM }),
  "subject?": HASH_FORM,
  "item?": HASH_FORM,
  "parents?": listForm(HASH_FORM, 1, PARENTS_MAX),
  "value?": COMMITMENT_FORM,
};

const COMMON_MEMBERS: Readonly<Record<string, Form>> = {
  v: exactly(1),
  registerId: ID_FORM,
  type: oneOf(["genesis", "event", "key"]),
  "prevTxId?": HASH_FORM,
  sender: ID_FORM,
  createdAt: INSTANT_FORM,
};

/** An event's body, the forms of all its members. */
export const EVENT_BODY_MEMBERS: Readonly<Record<string, Form>> = {
  ...COMMON_MEMBERS,
  ...EVENT_MEMBERS,
  type: exactly("event"),
};

const isAddition = recordForm({ add: KEY_RECORD_FORM });
const isEnd = recordForm({ end: ID_FORM, reason: oneOf(["retired", "revoked"]) });

const BODY_FORMS = {
  genesis: recordForm({ ...COMMON_MEMBERS, charter: CHARTER_FORM }),
  event: recordForm(EVENT_BODY_MEMBERS),
  key: recordForm({
    ...COMMON_MEMBERS,
    ...EVENT_MEMBERS,
    keys: listForm((value) => isAddition(value) || isEnd(value), 1, KEY_CHANGES_MAX),
  }),
};

const hasSignatures = listForm(RECORD_SIGNATURE_FORM, 1, SIGNATURES_MAX);

/** A transaction that was read, with its id. */
export interface ReadTransaction extends Transaction {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly txId: string;
}

/** The bytes of a transaction's record. Throws like `encodeRecord`. */
export function encodeTransaction({ body, signatures }: Transaction): Uint8Array {
  return encodeRecord({ body, signatures: signatures as readonly (RecordSignature & ProtocolRecord)[] });
}

/** 32 bytes: what is signed, and what a transaction is called. */
export function transactionIdOf(body: TransactionBody): Uint8Array {
  return domainHash("tx", encodeRecord(body));
}

/** The transaction that these bytes are, or `undefined` when they are none. Its signatures are not verified. */
export function readTransaction(bytes: Uint8Array): ReadTransaction | undefined {
  if (bytes.length > TRANSACTION_BYTES_MAX) return undefined;
  const record = decodeRecord(bytes);
  if (!record || !isTransaction(record)) return undefined;
  const { body, signatures } = record as unknown as Transaction;
  const id = domainHash("tx", bodyBytesOf(bytes, signatures));
  return { body, signatures, id, txId: hexOf(id) };
}

/** Whether a record has the form of a transaction; whether it is too long is not asked. */
export function isTransaction(record: ProtocolRecord): boolean {
  const { body, signatures, ...rest } = record as { body?: unknown; signatures?: unknown };
  if (Object.keys(rest).length > 0 || !hasSignatures(signatures)) return false;
  const type = (body as { type?: unknown } | undefined)?.type;
  if (typeof type !== "string" || !Object.hasOwn(BODY_FORMS, type)) return false;
  return BODY_FORMS[type as keyof typeof BODY_FORMS](body) && areSendersSignatures(record as unknown as Transaction);
}

function areSendersSignatures({ body, signatures }: Transaction): boolean {
  return (
    signatures[0]?.keyId === body.sender && new Set(signatures.map(({ keyId }) => keyId)).size === signatures.length
  );
}

export function charterIn(body: TransactionBody): Charter | undefined {
  return body["charter"] as Charter | undefined;
}

export function keyChangesIn(body: TransactionBody): readonly KeyChange[] {
  return (body["keys"] ?? []) as unknown as readonly KeyChange[];
}

export function prevTxIdIn(body: TransactionBody): string | undefined {
  return body["prevTxId"] as string | undefined;
}

const BEFORE_BODY = '{"body":'.length;
const BETWEEN = ',"signatures":'.length;
const AFTER = "}".length;

/** The record has one form, so its body is the bytes between what is before and what is after it. */
function bodyBytesOf(bytes: Uint8Array, signatures: readonly RecordSignature[]): Uint8Array {
  const behind = BETWEEN + JSON.stringify(signatures).length + AFTER;
  return bytes.subarray(BEFORE_BODY, bytes.length - behind);
}
