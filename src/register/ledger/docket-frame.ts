import { HASH_BYTES } from "../merkle/tree-hash.ts";
import { DOCKET_TRANSACTIONS_MAX } from "./docket.ts";

/*
 * A docket as one sequence of bytes, the form in which it is kept, sent and hashed by row:
 *
 *   "SRD1" | docket hash | length, header | length, seal | count, transaction ids | length, record | ...
 */

/** The parts of a docket. What was read is a view of the bytes it was read from. */
export interface DocketFrame {
  readonly docketHash: Uint8Array;
  readonly header: Uint8Array;
  readonly seal: Uint8Array;
  /** In the order of the records. */
  readonly txIds: readonly Uint8Array[];
  readonly records: readonly Uint8Array[];
}

export const DOCKET_BYTES_MAX = 14 * 2 ** 20;

const MARK = Uint8Array.of(0x53, 0x52, 0x44, 0x31);
const LENGTH_BYTES = 4;

export function encodeFrame({ docketHash, header, seal, txIds, records }: DocketFrame): Uint8Array<ArrayBuffer> {
  const framed = [header, seal, ...records].reduce((sum, part) => sum + LENGTH_BYTES + part.length, 0);
  const writer = new Writer(MARK.length + HASH_BYTES + framed + LENGTH_BYTES + txIds.length * HASH_BYTES);
  writer.put(MARK);
  writer.put(docketHash);
  writer.putFramed(header);
  writer.putFramed(seal);
  writer.putNumber(txIds.length);
  for (const txId of txIds) writer.put(txId);
  for (const record of records) writer.putFramed(record);
  return writer.bytes;
}

/** The parts that these bytes have, or `undefined` when they are no frame. The parts may hold anything. */
export function decodeFrame(bytes: Uint8Array): DocketFrame | undefined {
  if (bytes.length > DOCKET_BYTES_MAX) return undefined;
  const reader = new Reader(bytes);
  if (!MARK.every((byte, at) => bytes[at] === byte)) return undefined;
  reader.take(MARK.length);
  const docketHash = reader.take(HASH_BYTES);
  const header = reader.takeFramed();
  const seal = reader.takeFramed();
  const ids = reader.takeMany(HASH_BYTES);
  if (!docketHash || !header || !seal || !ids) return undefined;
  const records: Uint8Array[] = [];
  while (!reader.isAtEnd) {
    const record = reader.takeFramed();
    if (!record || records.length === DOCKET_TRANSACTIONS_MAX) return undefined;
    records.push(record);
  }
  return { docketHash, header, seal, txIds: ids, records };
}

class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  put(part: Uint8Array): void {
    this.bytes.set(part, this.#at);
    this.#at += part.length;
  }

  putNumber(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += LENGTH_BYTES;
  }

  putFramed(part: Uint8Array): void {
    this.putNumber(part.length);
    this.put(part);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Uint8Array | undefined {
    const end = this.#at + length;
    if (end > this.#bytes.length) return undefined;
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  takeFramed(): Uint8Array | undefined {
    const length = this.#number();
    return length === undefined ? undefined : this.take(length);
  }

  /** As many parts of one size as the number before them says. */
  takeMany(size: number): readonly Uint8Array[] | undefined {
    const count = this.#number();
    const whole = count === undefined || count > DOCKET_TRANSACTIONS_MAX ? undefined : this.take(count * size);
    return whole && Array.from({ length: whole.length / size }, (_, at) => whole.subarray(at * size, (at + 1) * size));
  }

  #number(): number | undefined {
    const end = this.#at + LENGTH_BYTES;
    if (end > this.#bytes.length) return undefined;
    const value = this.#view.getUint32(this.#at);
    this.#at = end;
    return value;
  }
}
