import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { throwIfAborted, VaultError } from "strongroom/storage";
import { mayHaveLostRemovals, requireTables } from "./cache-tables.ts";
import { isBusy, translateError } from "./translate-error.ts";

export interface CacheFileOptions {
  /** How long a call waits for other connections to finish writing, in milliseconds. */
  readonly busyTimeoutMs: number;
}

/** The connection to the file. SQLite answers at once or says that it is busy; who waits then does not stop the others. */
export class CacheFile {
  readonly database: DatabaseSync;
  readonly mayHaveLostRemovals: boolean;
  readonly #busyTimeoutMs: number;

  private constructor(database: DatabaseSync, { busyTimeoutMs }: CacheFileOptions) {
    this.database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
    // A commit is safe when the process ends. For the sake of speed it is not when the power does.
    database.exec("pragma journal_mode = wal; pragma synchronous = normal");
    this.mayHaveLostRemovals = this.transaction(() => {
      requireTables(database);
      return mayHaveLostRemovals(database);
    });
    database.exec("pragma busy_timeout = 0");
  }

  /** Makes the file and its folder if need be. @throws `storage_unavailable`, `storage_timeout`, `invalid_configuration` */
  static open(path: string, options: CacheFileOptions): CacheFile {
    let database: DatabaseSync | undefined;
    try {
      mkdirSync(dirname(path), { recursive: true });
      database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS });
      return new CacheFile(database, options);
    } catch (error) {
      database?.close();
      throw translateError(error);
    }
  }

  get isOpen(): boolean {
    return this.database.isOpen;
  }

  /** What `work` returns, begun again as long as another connection is writing. It must leave nothing half done. */
  async run<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    const startedMs = performance.now();
    for (;;) {
      throwIfAborted(signal);
      this.#requireOpen();
      try {
        return work();
      } catch (error) {
        const isLate = performance.now() - startedMs >= this.#busyTimeoutMs;
        if (!isBusy(error) || isLate) throw translateError(error);
      }
      await pause(1);
    }
  }

  /** All of `work` or nothing of it, with no other writer meanwhile. */
  transaction<T>(work: () => T): T {
    this.database.exec("begin immediate");
    try {
      const result = work();
      this.database.exec("commit");
      return result;
    } catch (error) {
      // Some failures end the transaction themselves.
      if (this.database.isTransaction) this.database.exec("rollback");
      throw error;
    }
  }

  close(): void {
    if (this.isOpen) this.database.close();
  }

  #requireOpen(): void {
    if (!this.isOpen) throw new VaultError("closed", "The cache was closed.");
  }
}

/** Nothing else runs yet when a file is opened, so SQLite may wait by itself. */
const OPEN_TIMEOUT_MS = 5_000;
