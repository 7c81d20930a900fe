import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { invariant, VaultError } from "../../errors.ts";
import { writeDurableFile } from "../../storage/durable-file.ts";
import { isErrno } from "../../storage/errno.ts";
import { FileLock, type LockOutcome } from "../../storage/file-lock.ts";
import type { TextChange, TrustStore } from "./trust-store.ts";

const NAME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/;

/** A lock is held for as long as it takes to read and write a small file. */
const PATIENCE_MS = 15_000;
const POLL_MS = 5;
/** A holder that cannot be looked up, in another container, counts as gone after three of these. */
const HEARTBEAT_MS = 1_000;

/** Texts as files of a directory: a reader never sees half of one, and what was written is there after a crash. */
export class FileTrustStore implements TrustStore {
  readonly #directory: string;
  readonly #patienceMs: number;
  /** The last update of each text that is under way: those of one process wait here, and not for a file. */
  readonly #updates = new Map<string, Promise<void>>();

  /** @param patienceMs how long an update waits for those of other processes */
  constructor(directory: string, patienceMs = PATIENCE_MS) {
    this.#directory = directory;
    this.#patienceMs = patienceMs;
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.#path(name), "utf8");
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      throw unusable(error);
    }
  }

  async write(name: string, text: string): Promise<void> {
    const path = this.#path(name);
    // Several processes, and vaults of one process, may share the directory.
    const temporary = `${path}.${randomUUID()}.part`;
    try {
      await writeDurableFile({ path, temporary, content: text });
    } catch (error) {
      throw unusable(error);
    }
  }

  async update(name: string, change: TextChange): Promise<void> {
    const before = this.#updates.get(name) ?? Promise.resolve();
    const update = before.then(() => this.#update(name, change));
    const ended = update.catch(() => undefined);
    this.#updates.set(name, ended);
    try {
      await update;
    } finally {
      if (this.#updates.get(name) === ended) this.#updates.delete(name);
    }
  }

  /**
   * Under a lock: two that read, change and replace a file at once would lose what one of them has written, and no check afterwards
   * would tell that one.
   */
  async #update(name: string, change: TextChange): Promise<void> {
    await using _lock = await this.#lock(name);
    const text = change(await this.read(name));
    if (text !== undefined) await this.write(name, text);
  }

  async #lock(name: string): Promise<FileLock> {
    const path = `${this.#path(name)}.lock`;
    const untilMs = performance.now() + this.#patienceMs;
    for (;;) {
      const outcome = await this.#tryLock(path);
      if ("lock" in outcome) return outcome.lock;
      if (performance.now() >= untilMs) throw tooLate(outcome.holder.pid, path);
      await delay(POLL_MS);
    }
  }

  async #tryLock(path: string): Promise<LockOutcome> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      return await FileLock.take(path, HEARTBEAT_MS);
    } catch (error) {
      throw unusable(error);
    }
  }

  #path(name: string): string {
    invariant(NAME.test(name), "the names of trusted texts are made by the vault");
    return join(this.#directory, name);
  }
}

function unusable(cause: unknown): VaultError {
  return new VaultError("storage_unavailable", "What registers are trusted by cannot be read or written.", {
    cause,
    hint: "Check the folder that register.trustDirectory names: it has to be writable, and on a file system with hard links.",
  });
}

function tooLate(pid: number, lockFile: string): VaultError {
  return new VaultError(
    "storage_unavailable",
    "Another process does not come to its end with what registers are trusted by.",
    {
      details: { pid, lockFile },
      hint: `Look at process ${pid}: it has held the file for a long time.`,
    },
  );
}
