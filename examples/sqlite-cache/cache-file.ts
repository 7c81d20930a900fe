import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { throwIfAborted, VaultError } from "strongroom/storage";
import { type CacheLimits, CacheRows } from "./cache-rows.ts";
import { mayHaveLostRemovals, requireOwnFile, requireTables } from "./cache-tables.ts";
import { isBusy, isUnusable, translateError } from "./translate-error.ts";

export interface CacheFileOptions extends CacheLimits {
  /** The file and its folder are made if need be. */
  readonly file: string;
  /** How long a call waits for other connections to finish writing, in milliseconds. */
  readonly busyTimeoutMs: number;
}

interface OpenFile {
  readonly database: DatabaseSync;
  readonly rows: CacheRows;
}

/**
 * The connection to the file: opened by the first call that needs it, and again after a failure. SQLite answers at once
 * or says that it is busy; who waits then does not stop the others.
 */
export class CacheFile {
  readonly #options: CacheFileOptions;
  #open: OpenFile | undefined;
  #isClosed = false;

  constructor(options: CacheFileOptions) {
    this.#options = options;
  }

  /** What is in the file, while it is open. */
  get rows(): CacheRows | undefined {
    return this.#open?.rows;
  }

  /** What `work` returns, begun again as long as another connection is writing. It must leave nothing half done. */
  run<T>(work: (rows: CacheRows) => T, signal?: AbortSignal): Promise<T> {
    return this.#attempt(({ rows }) => work(rows), signal);
  }

  /** All of `work` or nothing of it, with no other writer meanwhile. */
  transaction<T>(work: (rows: CacheRows) => T, signal?: AbortSignal): Promise<T> {
    return this.#attempt(({ database, rows }) => inTransaction(database, () => work(rows)), signal);
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  async #attempt<T>(work: (file: OpenFile) => T, signal: AbortSignal | undefined): Promise<T> {
    const startedMs = performance.now();
    for (;;) {
      throwIfAborted(signal);
      if (this.#isClosed) throw new VaultError("closed", "The cache was closed.");
      try {
        this.#open ??= connect(this.#options);
        return work(this.#open);
      } catch (error) {
        if (isUnusable(error)) this.#disconnect();
        const isLate = performance.now() - startedMs >= this.#options.busyTimeoutMs;
        if (!isBusy(error) || isLate) throw translateError(error);
      }
      await pause(1);
    }
  }

  #disconnect(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }
}

function connect(options: CacheFileOptions): OpenFile {
  mkdirSync(dirname(options.file), { recursive: true });
  const database = new DatabaseSync(options.file);
  try {
    requireOwnFile(database);
    // A commit is safe when the process ends. For the sake of speed it is not when the power does.
    database.exec("pragma journal_mode = wal; pragma synchronous = normal");
    return inTransaction(database, () => {
      requireTables(database);
      const rows = new CacheRows(database, options);
      if (mayHaveLostRemovals(database)) rows.forgetAll();
      return { database, rows };
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("begin immediate");
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (error) {
    // Some failures end the transaction themselves.
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}
