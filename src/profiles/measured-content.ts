import { createHash, type Hash } from "node:crypto";
import { VaultError } from "../errors.ts";
import type { BlobInfo } from "./blob-store.ts";

/** Passes bytes through while it counts and hashes them; stops at the size limit. */
export class MeasuredContent {
  readonly #hash: Hash = createHash("sha256");
  readonly #content: AsyncIterable<Uint8Array>;
  readonly #sizeBytesMax: number;
  #sizeBytes = 0;

  constructor(content: AsyncIterable<Uint8Array>, sizeBytesMax: number) {
    this.#content = content;
    this.#sizeBytesMax = sizeBytesMax;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#content) {
      this.#sizeBytes += chunk.byteLength;
      if (this.#sizeBytes > this.#sizeBytesMax) {
        throw new VaultError("payload_too_large", `The file is larger than ${this.#sizeBytesMax} bytes.`, {
          details: { sizeBytesMax: this.#sizeBytesMax },
        });
      }
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** Once all bytes went through. */
  info(): BlobInfo {
    return { sizeBytes: this.#sizeBytes, checksum: this.#hash.digest("hex") };
  }
}
