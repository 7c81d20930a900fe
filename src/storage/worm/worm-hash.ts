import { createHash } from "node:crypto";

/** What a record's hash covers, besides the names of its kind and its log. */
export interface HashedRecord {
  readonly sequence: bigint;
  readonly sealedAt: string;
  readonly previousHash: string | null;
  readonly bytes: Uint8Array;
}

const DOMAIN = "strongroom/worm/v1\n";
const LENGTH_BYTES = 4;

/** Computes the hashes of one log's records; `WormRecord.hash` says of what. */
export class WormHasher {
  readonly #prefix: Buffer;

  constructor(kind: string, log: string) {
    this.#prefix = Buffer.concat([Buffer.from(DOMAIN), framed(kind, log)]);
  }

  hash({ sequence, sealedAt, previousHash, bytes }: HashedRecord): string {
    const header = framed(sequence.toString(), sealedAt, previousHash ?? "");
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt32BE(bytes.length);
    return createHash("sha256").update(this.#prefix).update(header).update(length).update(bytes).digest("hex");
  }
}

function framed(...texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, 0));
  let end = 0;
  texts.forEach((text, index) => {
    end = frames.writeUInt32BE(lengths[index] ?? 0, end);
    end += frames.write(text, end);
  });
  return frames;
}
