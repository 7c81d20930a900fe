import { VaultError } from "../../errors.ts";
import { DOCKET_BYTES_MAX } from "../ledger/docket-frame.ts";
import type { DocketBytes } from "../verification/docket-examiner.ts";

/*
 * Dockets one after the other, as they go from one vault to another: of each its height in 8 bytes and its length in 4, both
 * big-endian, then its bytes. The end of the bytes is the end of the dockets.
 */

const HEAD_BYTES = 12;
const LENGTH_AT = 8;

export function encodeDocketEntry({ height, bytes }: DocketBytes): Uint8Array {
  const entry = new Uint8Array(HEAD_BYTES + bytes.length);
  const view = new DataView(entry.buffer);
  view.setBigUint64(0, height);
  view.setUint32(LENGTH_AT, bytes.length);
  entry.set(bytes, HEAD_BYTES);
  return entry;
}

/**
 * The dockets that the chunks hold, as soon as each is complete. Holds one docket at a time in memory. Rejects with
 * `register_peer_not_valid` when a docket is too long, when they end within one, and when there are more bytes than allowed.
 *
 * @param maxBytes of the dockets, without what is put before each
 */
export async function* decodeDocketEntries(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<DocketBytes, void, undefined> {
  const reader = new EntryReader(maxBytes);
  for await (const chunk of chunks) {
    reader.add(chunk);
    for (let entry = reader.next(); entry; entry = reader.next()) yield entry;
  }
  if (!reader.isEmpty) throw notValid("The dockets end within one.");
}

interface EntryHead {
  readonly height: bigint;
  readonly length: number;
}

class EntryReader {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #bytesLeft: number;
  /** Of the entry whose head was read. */
  #head: EntryHead | undefined;

  constructor(maxBytes: number) {
    this.#bytesLeft = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#length === 0 && this.#head === undefined;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  next(): DocketBytes | undefined {
    this.#head ??= this.#readHead();
    if (!this.#head || this.#length < this.#head.length) return undefined;
    const { height, length } = this.#head;
    this.#head = undefined;
    return { height, bytes: this.#take(length) };
  }

  #readHead(): EntryHead | undefined {
    if (this.#length < HEAD_BYTES) return undefined;
    const head = this.#take(HEAD_BYTES);
    const view = new DataView(head.buffer);
    const length = view.getUint32(LENGTH_AT);
    this.#bytesLeft -= length;
    if (length > DOCKET_BYTES_MAX || this.#bytesLeft < 0) throw notValid("The dockets are longer than they may be.");
    return { height: view.getBigUint64(0), length };
  }

  /** A copy that keeps none of the chunks. */
  #take(length: number): Uint8Array {
    const taken = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const chunk = this.#chunks[0] as Uint8Array;
      const part = chunk.subarray(0, length - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#length -= length;
    return taken;
  }
}

function notValid(message: string): VaultError {
  return new VaultError("register_peer_not_valid", message);
}
