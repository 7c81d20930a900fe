import type { Instant } from "../clock.ts";

/** How long a repeat of a request gets the first answer. */
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1000;
/** Records a pass over a tenant deletes at most. */
export const IDEMPOTENCY_SWEEP_MAX = 1_000;
/** Expired records that each claim deletes at most, so that the table is bounded without any pass. */
export const IDEMPOTENCY_SWEPT_PER_CLAIM = 10;

/** A request under an idempotency key. Both hashes are SHA-256 as 64 hex digits in lower case. */
export interface IdempotentRequest {
  readonly keyHash: string;
  /** What the request asks for: equal requests have equal fingerprints. */
  readonly fingerprint: string;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

/** What an earlier request under the same key left. */
export interface IdempotencyRecord {
  readonly fingerprint: string;
  /** The sealed answer, base64; `null` only within the transaction that is still at work on it. */
  readonly response: string | null;
}

/**
 * Remembers which requests were answered, for the one tenant that the store is bound to. The record is written
 * in the transaction of the work itself, so either both are kept or neither.
 * Every method may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */
export interface IdempotencyStore {
  /**
   * Claims the key: `undefined` for its first use, or when the earlier record has expired; else that record. While
   * another transaction holds the key the call waits for its end, at most for the deadline of statements
   * (`storage_timeout`). To be called first in the transaction of the work. Also deletes up to
   * `IDEMPOTENCY_SWEPT_PER_CLAIM` other records that have expired.
   */
  begin(request: IdempotentRequest): Promise<IdempotencyRecord | undefined>;
  /** Keeps the sealed answer, base64, in the same transaction. */
  complete(keyHash: string, response: string): Promise<void>;
  /** Deletes records that have expired, at most `limit` of them, and returns how many. */
  deleteExpired(now: Instant, limit: number): Promise<number>;
}
