import type { Tier } from "../../config/engine-settings.ts";

/** The parts of the storage that can fail on their own: the tiers, and sessions, which may be on a server of their own. */
export type TierName = Tier | "sessions";

export interface CircuitBreakerSettings {
  /** So many failures in a row open the circuit: at least 1. */
  readonly consecutiveFailures: number;
  /** This part of the sampled calls opens it too: above 0, at most 1. */
  readonly failureRatio: number;
  /** The ratio says nothing about fewer calls. */
  readonly callsMin: number;
  /** How far back calls are sampled. */
  readonly samplingMs: number;
  /**
   * The longest time without a sign of life being asked for. The first is asked for after a second, or after this time
   * when it is shorter, and every further one after twice as long; all are varied by up to a fifth.
   */
  readonly openMs: number;
}

export interface BulkheadSettings {
  /** Calls that are under way at most. */
  readonly concurrentMax: number;
  /** Calls that wait for their turn at most. */
  readonly queueMax: number;
}

export interface RetrySettings {
  /** Attempts after the first one; 0 is never. */
  readonly retriesMax: number;
  /**
   * The longest pause before the first of them; it doubles with each, up to `pauseMaxMs`. Each pause is a random part
   * of it.
   */
  readonly pauseMs: number;
  readonly pauseMaxMs: number;
}

/** How one tier is protected, and protected from. */
export interface TierPolicy {
  readonly circuitBreaker: CircuitBreakerSettings;
  readonly bulkhead: BulkheadSettings;
  readonly retry: RetrySettings;
  /**
   * How long one call may take before its caller is told `storage_timeout`, waiting for its turn included: a backstop
   * for engines whose own deadline fails. `undefined` where the engine has to be relied upon.
   */
  readonly deadlineMs: number | undefined;
  /**
   * Whether a timeout is a failure in a row like any other: for calls that are all short. Else only the ratio counts
   * it.
   */
  readonly timeoutsAreConsecutive: boolean;
}

const breaker = { consecutiveFailures: 3, failureRatio: 0.5, callsMin: 5, samplingMs: 60_000 } as const;
const NO_RETRY: RetrySettings = { retriesMax: 0, pauseMs: 50, pauseMaxMs: 5_000 };
const RETRY: RetrySettings = { ...NO_RETRY, retriesMax: 3 };

/** What a tier's policy is unless its settings say otherwise. */
export const DEFAULT_POLICIES: Readonly<Record<TierName, TierPolicy>> = {
  hot: {
    circuitBreaker: { ...breaker, openMs: 5_000 },
    bulkhead: { concurrentMax: 1_000, queueMax: 10_000 },
    // Another attempt takes longer than doing without.
    retry: NO_RETRY,
    deadlineMs: 50,
    timeoutsAreConsecutive: true,
  },
  relational: {
    circuitBreaker: { ...breaker, openMs: 30_000 },
    // The pool is the queue. A queue here would let transactions wait for a turn that only they can free.
    bulkhead: { concurrentMax: 2_000, queueMax: 0 },
    // Whether a statement reads is its own secret.
    retry: NO_RETRY,
    deadlineMs: undefined,
    timeoutsAreConsecutive: false,
  },
  documents: {
    circuitBreaker: { ...breaker, openMs: 30_000 },
    bulkhead: { concurrentMax: 100, queueMax: 10_000 },
    retry: RETRY,
    deadlineMs: 30_000,
    timeoutsAreConsecutive: false,
  },
  sessions: {
    circuitBreaker: { ...breaker, openMs: 1_000 },
    bulkhead: { concurrentMax: 1_000, queueMax: 10_000 },
    // What a save came to that got no answer is unknown.
    retry: NO_RETRY,
    // Their engines have a deadline for each command.
    deadlineMs: undefined,
    timeoutsAreConsecutive: true,
  },
  cold: {
    circuitBreaker: { ...breaker, openMs: 30_000 },
    bulkhead: { concurrentMax: 100, queueMax: 10_000 },
    retry: RETRY,
    deadlineMs: 30_000,
    timeoutsAreConsecutive: false,
  },
};

/** The parts of a policy that the configuration sets. */
export interface TierPolicySettings {
  readonly circuitBreaker?: CircuitBreakerSettings | undefined;
  readonly bulkhead?: BulkheadSettings | undefined;
  /** No less than the engine's own, which is the one to be relied upon. */
  readonly deadlineMs?: number | undefined;
}

export function tierPolicy(tier: TierName, settings: TierPolicySettings): TierPolicy {
  const usual = DEFAULT_POLICIES[tier];
  return {
    ...usual,
    circuitBreaker: settings.circuitBreaker ?? usual.circuitBreaker,
    bulkhead: settings.bulkhead ?? usual.bulkhead,
    deadlineMs: settings.deadlineMs ?? usual.deadlineMs,
  };
}
