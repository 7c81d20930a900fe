import { type ErrorKind, isVaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CacheInvalidationReason } from "../../telemetry/profile-cache-events.ts";
import type { CachedReads, StaleEntries } from "./cached-reads.ts";

/** What a write makes old, and why. */
export interface Staleness extends StaleEntries {
  readonly operation: CacheInvalidationReason;
  /** What is known only once the write is committed. */
  readonly late?: (() => Promise<StaleEntries>) | undefined;
}

/** A write, and what of the cache it makes old: asked with its answer, or with none when nobody knows whether it was done. */
export interface WatchedWrite<T> {
  readonly write: () => Promise<T>;
  /** `undefined` for nothing. */
  readonly staleAfter: (answer: T | undefined) => Staleness | undefined;
}

/** Does writes and sees to it that the cache forgets what they made old. */
export interface WatchedWrites {
  run<T>(write: WatchedWrite<T>): Promise<T>;
}

/** Outside a transaction: a write is committed when it answers. Whoever made it finds nothing old afterwards. */
export class CommittedWrites implements WatchedWrites {
  readonly #reads: CachedReads;
  readonly #tenantId: TenantId;

  constructor(reads: CachedReads, tenantId: TenantId) {
    this.#reads = reads;
    this.#tenantId = tenantId;
  }

  async run<T>({ write, staleAfter }: WatchedWrite<T>): Promise<T> {
    let answer: T;
    try {
      answer = await write();
    } catch (error) {
      if (isInDoubt(error)) await this.#forgetInDoubt([staleAfter(undefined)]);
      throw error;
    }
    await this.#forget([staleAfter(answer)]);
    return answer;
  }

  /** Runs a transaction whose writes are all watched by what `work` is given. */
  async transact<T>(work: (writes: WatchedWrites) => Promise<T>): Promise<T> {
    const writes = new UncommittedWrites();
    let result: T;
    try {
      result = await work(writes);
    } catch (error) {
      // What was rolled back made nothing old.
      if (isInDoubt(error)) await this.#forgetInDoubt(writes.stale);
      throw error;
    }
    await this.#forget(writes.stale);
    return result;
  }

  /** The caller gets the failure of the write, whatever becomes of the cache. */
  async #forgetInDoubt(stale: readonly (Staleness | undefined)[]): Promise<void> {
    await this.#forget(stale).catch(() => undefined);
  }

  async #forget(stale: readonly (Staleness | undefined)[]): Promise<void> {
    const known = stale.filter((each) => each !== undefined);
    if (known.length === 0) return;
    const entries: StaleEntries[] = [...known];
    for (const { late } of known) if (late) entries.push(await late());
    await this.#reads.remove(this.#tenantId, new Set(known.map((each) => each.operation)), {
      keys: [...new Set(entries.flatMap((each) => each.keys))],
      tags: [...new Set(entries.flatMap((each) => each.tags))],
    });
  }
}

/** Within a transaction: what its writes make old is forgotten when they are committed. */
class UncommittedWrites implements WatchedWrites {
  readonly stale: (Staleness | undefined)[] = [];

  async run<T>({ write, staleAfter }: WatchedWrite<T>): Promise<T> {
    let answer: T;
    try {
      answer = await write();
    } catch (error) {
      if (isInDoubt(error)) this.stale.push(staleAfter(undefined));
      throw error;
    }
    this.stale.push(staleAfter(answer));
    return answer;
  }
}

/** After these a commit may or may not have happened. */
const DOUBTS: readonly ErrorKind[] = ["unavailable", "timeout", "internal"];

function isInDoubt(error: unknown): boolean {
  return !isVaultError(error) || error.code === "aborted" || DOUBTS.includes(error.kind);
}
