import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { VaultError } from "../../errors.ts";
import { FileLock, type LockHolder } from "../file-lock.ts";
import { livenessOf } from "../process-identity.ts";

export const LOCK_FILE = "strongroom.lock";

/** Keeps a second process off a data directory. The holder is whoever made `strongroom.lock`. */
export class DataDirectoryLock implements AsyncDisposable {
  readonly #lock: FileLock;

  private constructor(lock: FileLock) {
    this.#lock = lock;
  }

  /**
   * Makes the directory when it is missing. Answers at once, but for a holder in another container, on another
   * machine or on a system without /proc: then it takes up to six seconds to see whether that one is alive.
   *
   * Errors: `data_directory_in_use` with the holder's pid in `details`, `unsupported` when the directory cannot
   * be written to or its file system has no hard links.
   */
  static async acquire(dataDirectory: string, heartbeatMs?: number): Promise<DataDirectoryLock> {
    const path = join(dataDirectory, LOCK_FILE);
    const outcome = await taken(dataDirectory, path, heartbeatMs);
    if ("holder" in outcome) throw inUse(outcome.holder, path);
    return new DataDirectoryLock(outcome.lock);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lock[Symbol.asyncDispose]();
  }
}

async function taken(dataDirectory: string, path: string, heartbeatMs: number | undefined) {
  try {
    await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
    return await FileLock.take(path, heartbeatMs);
  } catch (error) {
    throw new VaultError("unsupported", "The data directory cannot be locked.", {
      hint: "It has to be writable and on a file system with hard links.",
      cause: error,
    });
  }
}

function inUse(holder: LockHolder, path: string): VaultError {
  const own = holder.pid === process.pid && livenessOf(holder) === "alive";
  const who = own ? "This process" : `Process ${holder.pid}`;
  return new VaultError("data_directory_in_use", `${who} has the data directory open already.`, {
    details: { pid: holder.pid, lockFile: path },
    hint: `Stop process ${holder.pid}, choose another data directory, or use a PostgreSQL server.`,
  });
}
