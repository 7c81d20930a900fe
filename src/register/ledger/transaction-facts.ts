import { hexOf } from "../../signatures/byte-text.ts";
import { domainHash } from "../../signatures/domain-separated.ts";
import { textOfRecord } from "../../signatures/protocol-record.ts";
import type { Charter } from "./charter.ts";
import { RECORD_SIGNATURE_MEMBERS, type RecordSignature, writtenRecord } from "./record-form.ts";
import {
  charterIn,
  EVENT_BODY_MEMBERS,
  type KeyChange,
  keyChangesIn,
  prevTxIdIn,
  readTransaction,
  TRANSACTION_BYTES_MAX,
  type TransactionBody,
} from "./transaction.ts";

/** What of a transaction a register is judged by. */
export interface TransactionFacts {
  readonly type: TransactionBody["type"];
  readonly registerId: string;
  readonly prevTxId: string | undefined;
  readonly charter: Charter | undefined;
  readonly keyChanges: readonly KeyChange[];
  readonly signatures: readonly RecordSignature[];
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly txId: string;
}

/** Those of the transaction that these bytes are; `undefined` when they are none, just as `readTransaction`. */
export function readFacts(bytes: Uint8Array): TransactionFacts | undefined {
  return eventFacts(bytes) ?? longFacts(bytes);
}

function longFacts(bytes: Uint8Array): TransactionFacts | undefined {
  const transaction = readTransaction(bytes);
  if (!transaction) return undefined;
  const { body, signatures, id, txId } = transaction;
  const { type, registerId } = body;
  const [prevTxId, charter, keyChanges] = [prevTxIdIn(body), charterIn(body), keyChangesIn(body)];
  return { type, registerId, prevTxId, charter, keyChanges, signatures, id, txId };
}

const BODY = writtenRecord(EVENT_BODY_MEMBERS, ["prevTxId", "registerId", "sender"]);
const SIGNATURE = writtenRecord(RECORD_SIGNATURE_MEMBERS, ["alg", "keyId", "sig"]);
const EVENT = new RegExp(`^\\{"body":(${BODY}),"signatures":\\[${SIGNATURE}\\]\\}$`);
const BEFORE_BODY = '{"body":'.length;

/**
 * Those of an event with one signature, which nearly all transactions are. One expression, made of the forms of the
 * members, tells that the text is canonical and has its form, in a fifth of the time of reading it as JSON. What does not
 * match it may still be a transaction.
 */
export function eventFacts(bytes: Uint8Array): TransactionFacts | undefined {
  const match = bytes.length <= TRANSACTION_BYTES_MAX ? EVENT.exec(textOfRecord(bytes) ?? "") : null;
  if (!match) return undefined;
  // All are there but the second, where it is the first transaction of all.
  const [, body, prevTxId, registerId, sender, alg, keyId, sig] = match as unknown as Captured;
  if (sender !== keyId) return undefined;
  // Every character is one byte.
  const id = domainHash("tx", bytes.subarray(BEFORE_BODY, BEFORE_BODY + body.length));
  return {
    type: "event",
    registerId: unquoted(registerId),
    prevTxId: prevTxId === undefined ? undefined : unquoted(prevTxId),
    charter: undefined,
    keyChanges: [],
    signatures: [{ alg: unquoted(alg), keyId: unquoted(keyId), sig: unquoted(sig) }],
    id,
    txId: hexOf(id),
  };
}

type Captured = readonly [
  text: string,
  body: string,
  prevTxId: string | undefined,
  registerId: string,
  sender: string,
  alg: string,
  keyId: string,
  sig: string,
];

function unquoted(text: string): string {
  return text.slice(1, -1);
}
