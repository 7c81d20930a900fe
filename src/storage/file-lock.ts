import { randomBytes } from "node:crypto";
import { link, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno } from "./errno.ts";
import { livenessOf, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** What the lock file holds, as JSON. */
export interface LockHolder extends ProcessIdentity {
  /** Random, so that no two lock files are the same. */
  readonly token: string;
}

const HEARTBEAT_MS = 2_000;
/** A holder whose process cannot be looked up counts as gone when it misses this many heartbeats in a row. */
const HEARTBEATS_OBSERVED = 3;
/** How often it is looked at in the time of one. */
const LOOKS_PER_HEARTBEAT = 20;
/** Each level is a process that was killed in the microseconds of taking over from another killed one. */
const TAKEOVER_DEPTH_MAX = 8;

/** A lock that was taken, or whoever holds it. */
export type LockOutcome = { readonly lock: FileLock } | { readonly holder: LockHolder };

/**
 * A lock between processes. The holder is whoever made the file: a hard link to a finished file, so it appears at once, with
 * its content, for one process only.
 *
 * A lock whose holder was killed is taken over. The right to remove that very lock is a lock itself, named after
 * the token of the dead holder; under it the lock is read again before it is removed. So of any number of
 * starters one wins, and none removes a lock that another has just made.
 */
export class FileLock implements AsyncDisposable {
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
   * Answers at once, but for a holder in another container, on another machine or on a system without /proc: then it takes up
   * to three heartbeats to see whether that one is alive. Rejects as the file system does, which has to have hard links.
   *
   * @param path in a directory that there is
   */
  static async take(path: string, heartbeatMs = HEARTBEAT_MS): Promise<LockOutcome> {
    const outcome = await take(path, { heartbeatMs, depth: 0 });
    return "own" in outcome ? { lock: new FileLock(path, outcome.own.token, heartbeatMs) } : outcome;
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

async function take(path: string, attempt: Attempt): Promise<{ own: LockHolder } | { holder: LockHolder }> {
  const own: LockHolder = { ...ownIdentity(), token: randomBytes(12).toString("hex") };
  const draft = `${path}.${own.token}.draft`;
  try {
    await writeFile(draft, JSON.stringify(own), { flag: "wx", mode: 0o600 });
    for (;;) {
      if (await linked(draft, path)) return { own };
      const current = await read(path);
      if (current === undefined) continue;
      const isGone = attempt.depth < TAKEOVER_DEPTH_MAX && (await hasGone(current, path, attempt.heartbeatMs));
      if (!isGone) return { holder: current };
      const remover = await removeStale(path, current.token, attempt);
      if (remover) return { holder: remover };
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Resolves to whoever is at it already. */
async function removeStale(path: string, token: string, attempt: Attempt): Promise<LockHolder | undefined> {
  const claimPath = `${path}.${token}`;
  const claim = await take(claimPath, { ...attempt, depth: attempt.depth + 1 });
  if ("holder" in claim) return claim.holder;
  try {
    await removeOwn(path, token);
  } finally {
    await removeOwn(claimPath, claim.own.token);
  }
  return undefined;
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
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/** `undefined` when there is none any more. A file that is no lock has no living holder to name. */
async function read(path: string): Promise<LockHolder | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
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
  for (let look = 0; look < HEARTBEATS_OBSERVED * LOOKS_PER_HEARTBEAT; look++) {
    await delay(heartbeatMs / LOOKS_PER_HEARTBEAT);
    if ((await lastHeartbeat(path)) !== before) return false;
  }
  return true;
}

async function lastHeartbeat(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}
