import { Readable } from "node:stream";
import type { BlobInfo, BlobStore } from "./blob-store.ts";
import { MeasuredContent } from "./measured-content.ts";

/** Bytes in the process, for tests and for vaults that keep nothing. */
export class InMemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Buffer>();

  async put(
    key: string,
    content: AsyncIterable<Uint8Array>,
    limits: { readonly sizeBytesMax: number },
  ): Promise<BlobInfo> {
    const measured = new MeasuredContent(content, limits.sizeBytesMax);
    const chunks: Uint8Array[] = [];
    for await (const chunk of measured.bytes()) chunks.push(chunk);
    this.#blobs.set(key, Buffer.concat(chunks));
    return measured.info();
  }

  get(key: string): Promise<Readable | undefined> {
    const bytes = this.#blobs.get(key);
    return Promise.resolve(bytes && Readable.from([Buffer.from(bytes)]));
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.#blobs.delete(key));
  }

  async *list(prefix: string): AsyncIterable<string> {
    for (const key of this.#blobs.keys()) if (key.startsWith(`${prefix}/`)) yield key;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
