import { link, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

const FLUSHED_AT_ONCE = 64;

export interface DurableFile {
  readonly path: string;
  /** In the same directory, and of one writer: where the content is until all of it is there. */
  readonly temporary: string;
  readonly content: string | AsyncIterable<Uint8Array>;
  /** What becomes of a file that is there already; it is replaced unless something else is asked for. */
  readonly ifExists?: "replace" | "fail";
}

/**
 * Writes a file that only its owner may read, in directories that are made where they are missing: under a temporary
 * name, flushed, and renamed into place, so that a reader sees what was there before or all of the new content; then
 * the directory is flushed, so that the name survives a crash. Nothing is left of a write that fails.
 *
 * @throws what the file system or the content throws; EEXIST where another writer has the temporary name, and where the
 * file is there and must not be replaced
 */
export async function writeDurableFile({ path, temporary, content, ifExists }: DurableFile): Promise<void> {
  const directory = dirname(path);
  await makeDurableDirectory(directory);
  const file = await open(temporary, "wx", 0o600);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link, unlike a renaming, never takes the place of another file.
    if (ifExists === "fail") await link(temporary, path).then(() => rm(temporary, { force: true }));
    else await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flush(directory);
}

/** Makes a directory that only its owner may enter, and those above it that are missing. Their names survive a crash. */
export async function makeDurableDirectory(directory: string): Promise<void> {
  const whole = resolve(directory);
  const first = await mkdir(whole, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = whole; made.length >= first.length; made = dirname(made)) await flush(dirname(made));
}

/** Flushes every file below a directory and every name: what is there now survives a crash. */
export async function flushTree(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
  // A few at a time: each of them holds a descriptor.
  for (let start = 0; start < paths.length; start += FLUSHED_AT_ONCE) {
    await Promise.all(paths.slice(start, start + FLUSHED_AT_ONCE).map(flush));
  }
  await flush(directory);
}

/** Flushes a file, or the names in a directory. */
export async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
