import { createHash } from "node:crypto";

/** What a record's hash covers, besides the names of its kind and its log. */
export interface HashedRecord {
  readonly sequence: bigint;
  readonly sealedAt: string;
  readonly previousHash: string | null;
  readonly bytes: Uint8Array;
}

const DOMAIN = "strongroom/worm/v1\n";

/** Computes the hashes of one log's records; `WormRecord.hash` says of what. */
export class WormHasher {
  readonly #prefix: Buffer;

  constructor(kind: string, log: string) {
    this.#prefix = Buffer.concat([Buffer.from(DOMAIN), framed(kind), framed(log)]);
  }

  hash({ sequence, sealedAt, previousHash, bytes }: HashedRecord): string {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(bytes.length);
    return createHash("sha256")
      .update(this.#prefix)
      .update(framed(sequence.toString()))
      .update(framed(sealedAt))
      .update(framed(previousHash ?? ""))
      .update(length)
      .update(bytes)
      .digest("hex");
  }
}

function framed(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length);
  frame.write(text, 4);
  return frame;
}
