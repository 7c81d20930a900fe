import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { VaultError } from "../../errors.ts";
import { livenessOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What the lock file holds, as JSON. */
interface LockHolder extends ProcessIdentity {
  /** Random, so that no two lock files are the same. */
  readonly token: string;
}

export const LOCK_FILE = "strongroom.lock";
const HEARTBEAT_MS = 2_000;
/** A holder whose process cannot be looked up counts as gone when it misses this many heartbeats in a row. */
const HEARTBEATS_OBSERVED = 3;
/** Each level is a process that was killed in the microseconds of taking over from another killed one. */
const TAKEOVER_DEPTH_MAX = 8;

/**
 * Keeps a second process off a data directory. The holder is whoever made `strongroom.lock`: a hard link to a
 * finished file, so it appears at once, with its content, for one process only.
 *
 * A lock whose holder was killed is taken over. The right to remove that very lock is a lock itself, named after
 * the token of the dead holder; under it the lock is read again before it is removed. So of any number of
 * starters one wins, and none removes a lock that another has just made.
 */
export class DataDirectoryLock implements AsyncDisposable {
  readonly #path: string;
  readonly #token: string;
  readonly #heartbeat: NodeJS.Timeout;
  #released: Promise<void> | undefined;

  private constructor(path: string, token: string, heartbeatMs: number) {
    this.#path = path;
    this.#token = token;
    this.#heartbeat = setInterval(() => {
      const nowSeconds = (performance.timeOrigin + performance.now()) / 1000;
      utimes(path, nowSeconds, nowSeconds).catch(() => undefined);
    }, heartbeatMs).unref();
  }

  /**
   * Makes the directory when it is missing. Answers at once, but for a holder in another container, on another
   * machine or on a system without /proc: then it takes six seconds to see whether that one is alive.
   *
   * Errors: `data_directory_in_use` with the holder's pid in `details`, `unsupported` when the directory cannot
   * be written to or its file system has no hard links.
   */
  static async acquire(dataDirectory: string, heartbeatMs = HEARTBEAT_MS): Promise<DataDirectoryLock> {
    const path = join(dataDirectory, LOCK_FILE);
    try {
      await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
      const { token } = await take(path, { heartbeatMs, depth: 0 });
      return new DataDirectoryLock(path, token, heartbeatMs);
    } catch (error) {
      if (error instanceof VaultError) throw error;
      throw new VaultError("unsupported", "The data directory cannot be locked.", {
        hint: "It has to be writable and on a file system with hard links.",
        cause: error,
      });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    clearInterval(this.#heartbeat);
    await removeOwn(this.#path, this.#token);
  }
}

interface Attempt {
  readonly heartbeatMs: number;
  readonly depth: number;
}

async function take(path: string, attempt: Attempt): Promise<LockHolder> {
  const holder: LockHolder = { ...ownIdentity(), token: randomBytes(12).toString("hex") };
  const draft = `${path}.${holder.token}.draft`;
  try {
    await writeFile(draft, JSON.stringify(holder), { flag: "wx", mode: 0o600 });
    for (;;) {
      if (await linked(draft, path)) return holder;
      const current = await read(path);
      if (current === undefined) continue;
      const isGone = attempt.depth < TAKEOVER_DEPTH_MAX && (await hasGone(current, path, attempt.heartbeatMs));
      if (!isGone) throw inUse(current, path);
      await removeStale(path, current.token, attempt);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeStale(path: string, token: string, attempt: Attempt): Promise<void> {
  const claimPath = `${path}.${token}`;
  const claim = await take(claimPath, { ...attempt, depth: attempt.depth + 1 });
  try {
    await removeOwn(path, token);
  } finally {
    await removeOwn(claimPath, claim.token);
  }
}

/** Removes a lock with this token; only the holder, or the holder of the claim on it, may. */
async function removeOwn(path: string, token: string): Promise<void> {
  if ((await read(path))?.token === token) await rm(path, { force: true });
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** `undefined` when there is none any more. A file that is no lock has no living holder to name. */
async function read(path: string): Promise<LockHolder | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { pid, startTicks, namespace, token } = JSON.parse(text) as LockHolder;
    return { pid, startTicks, namespace, token };
  } catch {
    return { pid: 0, startTicks: null, namespace: "unreadable", token: "unreadable" };
  }
}

async function hasGone(holder: LockHolder, path: string, heartbeatMs: number): Promise<boolean> {
  const liveness = livenessOf(holder);
  if (liveness !== "unknown") return liveness === "dead";
  const before = await lastHeartbeat(path);
  await delay(heartbeatMs * HEARTBEATS_OBSERVED);
  return (await lastHeartbeat(path)) === before;
}

async function lastHeartbeat(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
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
