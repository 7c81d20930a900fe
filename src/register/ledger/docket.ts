import { domainHash } from "../../signatures/domain-separated.ts";
import { decodeRecord, encodeRecord, type ProtocolRecord } from "../../signatures/protocol-record.ts";
import {
  COUNTER_FORM,
  exactly,
  type Form,
  flatReader,
  HASH_FORM,
  ID_FORM,
  INSTANT_FORM,
  integerForm,
  RECORD_SIGNATURE_FORM,
  RECORD_SIGNATURE_MEMBERS,
  type RecordSignature,
  recordForm,
} from "./record-form.ts";

export const DOCKET_TRANSACTIONS_MAX = 1_000;
const HEADER_BYTES_MAX = 4_096;

/** What a docket says of itself. `docs/register-format.md` has the members. */
export interface DocketHeader extends ProtocolRecord {
  readonly v: 1;
  readonly registerId: string;
  readonly height: string;
  readonly logRoot: string;
  readonly txRoot: string;
  readonly txCount: number;
  /** Milliseconds since 1970. */
  readonly sealedAt: number;
  readonly epoch: string;
  readonly policyVersion: 1;
  readonly proposer: string;
}

const HEADER_MEMBERS: Readonly<Record<string, Form>> = {
  v: exactly(1),
  registerId: ID_FORM,
  height: COUNTER_FORM,
  "prevDocketHash?": HASH_FORM,
  logRoot: HASH_FORM,
  txRoot: HASH_FORM,
  txCount: integerForm(1, DOCKET_TRANSACTIONS_MAX),
  sealedAt: INSTANT_FORM,
  epoch: COUNTER_FORM,
  policyVersion: exactly(1),
  proposer: ID_FORM,
};
const hasHeaderMembers = recordForm(HEADER_MEMBERS);
const flatHeader = flatReader(HEADER_MEMBERS);
const flatSeal = flatReader(RECORD_SIGNATURE_MEMBERS);

export function encodeHeader(header: DocketHeader): Uint8Array {
  return encodeRecord(header);
}

/** The header that these bytes are, or `undefined` when they are none. */
export function readHeader(bytes: Uint8Array): DocketHeader | undefined {
  if (bytes.length > HEADER_BYTES_MAX) return undefined;
  const flat = flatHeader(bytes);
  if (flat) return isPlaced(flat as DocketHeader) ? (flat as DocketHeader) : undefined;
  const record = decodeRecord(bytes);
  return record && isHeader(record) ? (record as DocketHeader) : undefined;
}

export function isHeader(record: ProtocolRecord): boolean {
  return hasHeaderMembers(record) && isPlaced(record as DocketHeader);
}

/** The first docket follows on none, and every other one does. */
function isPlaced(header: DocketHeader): boolean {
  return (header.height === "0") === (prevDocketHashIn(header) === undefined);
}

/** Of the docket with this header: 32 bytes. */
export function docketHashOf(header: Uint8Array): Uint8Array {
  return domainHash("docket", header);
}

export function prevDocketHashIn(header: DocketHeader): string | undefined {
  return header["prevDocketHash"] as string | undefined;
}

export function encodeSeal(seal: RecordSignature): Uint8Array {
  return encodeRecord(seal as RecordSignature & ProtocolRecord);
}

export function readSeal(bytes: Uint8Array): RecordSignature | undefined {
  if (bytes.length > HEADER_BYTES_MAX) return undefined;
  const record = flatSeal(bytes) ?? decodeRecord(bytes);
  return record && isSeal(record) ? (record as unknown as RecordSignature) : undefined;
}

export function isSeal(record: ProtocolRecord): boolean {
  return RECORD_SIGNATURE_FORM(record);
}
