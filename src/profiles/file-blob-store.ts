import { createReadStream, type Dir } from "node:fs";
import { open, opendir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { invariant, VaultError } from "../errors.ts";
import { writeDurableFile } from "../storage/durable-file.ts";
import { isErrno } from "../storage/errno.ts";
import type { BlobInfo, BlobStore } from "./blob-store.ts";
import { MeasuredContent } from "./measured-content.ts";

const TEMPORARY = ".part";
const KEY = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;

/** Bytes as files below a directory: a reader never sees half of one, and what was put is there after a crash. */
export class FileBlobStore implements BlobStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(
    key: string,
    content: AsyncIterable<Uint8Array>,
    limits: { readonly sizeBytesMax: number },
  ): Promise<BlobInfo> {
    const path = this.#path(key);
    const measured = new MeasuredContent(content, limits.sizeBytesMax);
    try {
      await writeDurableFile({ path, temporary: path + TEMPORARY, content: measured.bytes() });
    } catch (error) {
      throw translateFileError(error);
    }
    return measured.info();
  }

  async get(key: string): Promise<Readable | undefined> {
    try {
      const file = await open(this.#path(key), "r");
      return createReadStream("", { fd: file });
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      throw translateFileError(error);
    }
  }

  async delete(key: string): Promise<boolean> {
    try {
      const path = this.#path(key);
      await rm(path + TEMPORARY, { force: true });
      await rm(path);
      return true;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return false;
      throw translateFileError(error);
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    let directory: Dir;
    try {
      directory = await opendir(this.#path(prefix));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return;
      throw translateFileError(error);
    }
    for await (const entry of directory) yield `${prefix}/${entry.name.replace(TEMPORARY, "")}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #path(key: string): string {
    invariant(KEY.test(key), "blob keys are made by the vault");
    return join(this.#directory, key);
  }
}

/** Errors of the file system become ours; those of the content (the caller's stream) pass through. */
function translateFileError(error: unknown): unknown {
  if (error instanceof VaultError || !(error instanceof Error) || !("syscall" in error)) return error;
  return new VaultError("storage_unavailable", "The blob store cannot be read or written.", { cause: error });
}
