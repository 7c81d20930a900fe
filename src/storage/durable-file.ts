import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface DurableFile {
  readonly path: string;
  /** In the same directory, and of one writer: where the content is until all of it is there. */
  readonly temporary: string;
  readonly content: string | AsyncIterable<Uint8Array>;
}

/**
 * Writes a file that only its owner may read, in directories that are made where they are missing: under a temporary
 * name, flushed, and renamed into place, so that a reader sees what was there before or all of the new content; then
 * the directory is flushed, so that the name survives a crash. Nothing is left of a write that fails.
 *
 * @throws what the file system or the content throws; EEXIST where another writer has the temporary name
 */
export async function writeDurableFile({ path, temporary, content }: DurableFile): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = await open(temporary, "wx", 0o600);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushDirectory(directory);
}

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
