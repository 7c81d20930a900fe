import {
  type Charter,
  HEADER,
  type Header,
  naiveHash,
  naiveRegisterId,
  readForm,
  SEAL,
  type Signature,
  TRANSACTION,
  type Transaction,
} from "./naive-register-records.ts";

/** The parts of a docket's bytes. */
export interface Frame {
  readonly hash: Uint8Array;
  readonly header: Uint8Array;
  readonly seal: Uint8Array;
  readonly ids: readonly Uint8Array[];
  readonly records: readonly Uint8Array[];
}

/** What can be read of a docket: the header and the seal only when they have their form. */
export interface Docket {
  readonly frame: Frame;
  readonly header: Header | undefined;
  readonly seal: Signature | undefined;
  /** H("docket", header). */
  readonly headerHash: Buffer;
}

const DOCKET_BYTES_MAX = 14 * 2 ** 20;
const HEADER_BYTES_MAX = 4 * 2 ** 10;
const TRANSACTION_BYTES_MAX = 64 * 2 ** 10;
const TRANSACTIONS_MAX = 1000;

/** Check 3; undefined when it fails. */
function readFrame(bytes: Uint8Array): Frame | undefined {
  if (bytes.length > DOCKET_BYTES_MAX) return undefined;
  let rest = Buffer.from(bytes);
  let isWhole = true;
  const take = (length: number) => {
    isWhole &&= length <= rest.length;
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  const number = () => {
    const bytes4 = take(4);
    return isWhole ? bytes4.readUInt32BE() : 0;
  };
  const mark = take(4);
  const hash = take(32);
  const header = take(number());
  const seal = take(number());
  const count = number();
  isWhole &&= count <= TRANSACTIONS_MAX;
  const ids = Array.from({ length: isWhole ? count : 0 }, () => take(32));
  const records: Uint8Array[] = [];
  while (isWhole && rest.length > 0) records.push(take(number()));
  const isFrame = isWhole && mark.toString("latin1") === "SRD1" && records.length <= TRANSACTIONS_MAX;
  return isFrame ? { hash, header, seal, ids, records } : undefined;
}

export function readDocket(bytes: Uint8Array | undefined): Docket | undefined {
  const frame = bytes && readFrame(bytes);
  return (
    frame && {
      frame,
      header: readForm<Header>(frame.header, HEADER, HEADER_BYTES_MAX),
      seal: readForm<Signature>(frame.seal, SEAL, HEADER_BYTES_MAX),
      headerHash: naiveHash("docket", frame.header),
    }
  );
}

export function readTransaction(record: Uint8Array): Transaction | undefined {
  return readForm<Transaction>(record, TRANSACTION, TRANSACTION_BYTES_MAX);
}

/** The charter that the first record of height 0 holds; undefined unless it gives the register id. */
export function charterIn(first: Uint8Array | undefined, registerId: string): Charter | undefined {
  const record = readDocket(first)?.frame.records[0];
  const charter = record && readTransaction(record)?.body.charter;
  return charter && naiveRegisterId(charter) === registerId ? charter : undefined;
}
