import type { Readable } from "node:stream";

/** Where the vault keeps bytes itself. Keys are made by the vault: path segments of `[a-z0-9-]`, joined by `/`. */
export interface BlobStore extends AsyncDisposable {
  /**
   * Keeps the bytes under a new key, durably before it resolves; a failure leaves nothing behind.
   * Rejects with `payload_too_large` as soon as the limit is passed, and with the content's own error.
   */
  put(key: string, content: AsyncIterable<Uint8Array>, limits: { readonly sizeBytesMax: number }): Promise<BlobInfo>;
  /** A stream of the bytes, or `undefined`. The caller consumes or destroys it. */
  get(key: string): Promise<Readable | undefined>;
  /** Returns whether it existed. Removes what an interrupted `put` left under the key too. */
  delete(key: string): Promise<boolean>;
  /** Keys directly below `prefix` in no order, those of interrupted `put`s too; each may come twice. */
  list(prefix: string): AsyncIterable<string>;
}

export interface BlobInfo {
  readonly sizeBytes: number;
  /** SHA-256, 64 hex digits in lower case. */
  readonly checksum: string;
}
