import { storabilityProblem } from "../../json.ts";
import { bytesOfHex, utf8 } from "../../signatures/byte-text.ts";
import { type ProtocolRecord, recordBytes } from "../../signatures/protocol-record.ts";
import { CHARTER_FORM, type Charter } from "../ledger/charter.ts";
import { DOCKET_TRANSACTIONS_MAX, type DocketHeader, docketHashOf, readHeader, readSeal } from "../ledger/docket.ts";
import {
  COMMITMENT_FORM,
  exactly,
  type Form,
  HASH_FORM,
  ID_FORM,
  integerForm,
  isRecord,
  listForm,
  type RecordSignature,
  recordForm,
} from "../ledger/record-form.ts";
import { type ReadTransaction, readTransaction } from "../ledger/transaction.ts";
import { leafHash } from "../merkle/tree-hash.ts";
import {
  type Disclosure,
  PATH_MAX,
  type ProvenTransaction,
  RECEIPT_BYTES_MAX,
  RECEIPT_FORMAT,
  RECEIPT_KEYS_MAX,
  type Receipt,
} from "./receipt.ts";

/** A proven transaction as it is verified. */
export interface ReadProof {
  readonly transaction: ReadTransaction;
  /** Of the record with its signatures. */
  readonly leaf: Uint8Array;
  readonly index: bigint;
  readonly transactionPath: readonly Uint8Array[];
  readonly header: DocketHeader;
  readonly docketHash: Uint8Array;
  readonly height: bigint;
  readonly seal: RecordSignature;
  readonly docketPath: readonly Uint8Array[];
}

export interface ReadReceipt {
  readonly registerId: string;
  readonly charter: Charter;
  readonly checkpoint: string;
  readonly proof: ReadProof;
  readonly keys: readonly ReadProof[];
  readonly disclosure: Disclosure | undefined;
}

const isText: Form = (value) => typeof value === "string";
const isStorable: Form = (value) => value !== undefined && storabilityProblem(value) === undefined;
const PATH_FORM = listForm(HASH_FORM, 0, PATH_MAX);
/** 32 bytes in base64url, as commitments are. */
const SECRET_FORM = COMMITMENT_FORM;

const PROVEN_FORM = recordForm({
  transaction: isRecord,
  index: integerForm(0, DOCKET_TRANSACTIONS_MAX - 1),
  transactionPath: PATH_FORM,
  docket: recordForm({ header: isRecord, seal: isRecord }),
  docketPath: PATH_FORM,
});

const RECEIPT_FORM = recordForm({
  format: exactly(RECEIPT_FORMAT),
  registerId: ID_FORM,
  charter: (value) => recordBytes(value) !== undefined && CHARTER_FORM(value),
  checkpoint: isText,
  proof: PROVEN_FORM,
  keys: listForm(PROVEN_FORM, 0, RECEIPT_KEYS_MAX),
  "disclosure?": recordForm({
    event: (value) => isRecord(value) && isStorable(value),
    secret: SECRET_FORM,
    "value?": recordForm({ value: isStorable, secret: SECRET_FORM }),
  }),
});

/**
 * The parts of a receipt, or why the text is none. A member that is there twice counts as the last of both, and records
 * need not be written canonically: what is hashed is written anew, and it is that which is reported as proven.
 */
export function readReceipt(text: unknown): ReadReceipt | string {
  if (typeof text !== "string") return "It is no text.";
  if (text.length > RECEIPT_BYTES_MAX || utf8(text).length > RECEIPT_BYTES_MAX) return "It is longer than 4 MiB.";
  const value = parsed(text);
  if (value === undefined) return "It is no JSON.";
  if (!RECEIPT_FORM(value)) return "It does not have the members of a receipt, each in its form.";
  const { registerId, charter, checkpoint, proof, keys, disclosure } = value as Receipt;
  const read = readProof(proof);
  const readKeys = keys.map(readProof);
  if (!read || !areRead(readKeys)) return "A transaction, or the docket it is in, does not have its form.";
  return { registerId, charter, checkpoint, proof: read, keys: readKeys, disclosure };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function areRead(proofs: readonly (ReadProof | undefined)[]): proofs is readonly ReadProof[] {
  return !proofs.includes(undefined);
}

function readProof({ transaction, index, docket, ...paths }: ProvenTransaction): ReadProof | undefined {
  const record = recordBytes(transaction);
  const header = recordBytes(docket.header);
  const parts = {
    transaction: record && readTransaction(record),
    header: header && readHeader(header),
    seal: sealOf(docket.seal as RecordSignature & ProtocolRecord),
  };
  if (!record || !header || !parts.transaction || !parts.header || !parts.seal) return undefined;
  return {
    transaction: parts.transaction,
    leaf: leafHash(record),
    index: BigInt(index),
    transactionPath: paths.transactionPath.map(bytesOfHex),
    header: parts.header,
    docketHash: docketHashOf(header),
    height: BigInt(parts.header.height),
    seal: parts.seal,
    docketPath: paths.docketPath.map(bytesOfHex),
  };
}

function sealOf(seal: ProtocolRecord): RecordSignature | undefined {
  const bytes = recordBytes(seal);
  return bytes && readSeal(bytes);
}
