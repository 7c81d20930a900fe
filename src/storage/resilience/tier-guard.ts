import { isVaultError, type VaultError } from "../../errors.ts";
import type { TierGauges } from "../../telemetry/storage-meters.ts";
import type { CallSubject, ObservedOperation } from "../observability/observed-operation.ts";
import type { CircuitChange, CircuitState, TierObserver } from "../observability/tier-observer.ts";
import { abortedError, throwIfAborted } from "../until-aborted.ts";
import { Bulkhead } from "./bulkhead.ts";
import { CircuitBreaker, type Recovery } from "./circuit-breaker.ts";
import { Deadlines } from "./deadlines.ts";
import { type AttemptContext, GuardedAttempt } from "./guarded-attempt.ts";
import { pause, retryPauseMs } from "./retry.ts";
import { circuitOpenError, failureOf, isRefusal, overloadedError } from "./storage-failure.ts";
import type { TierName, TierPolicy } from "./tier-policy.ts";
import { type Random, systemTimers, type Timers } from "./timers.ts";

/** How a tier is guarded and watched. */
export interface TierGuardOptions {
  readonly tier: TierName;
  readonly policy: TierPolicy;
  readonly observer: TierObserver;
  /** The vault is not ready without it. Then its loss is an error in the log, and else a warning. */
  readonly isRequired: boolean;
  /** `true` when the engine could not be reached as the process began: it is not called before it has recovered. */
  readonly startsDown?: boolean | undefined;
  readonly timers?: Timers | undefined;
  readonly random?: Random | undefined;
}

/** What the wrapper of an interface knows and the guard does not. */
export interface GuardedEngine {
  readonly recovery: Recovery;
  readonly onChange?: ((change: CircuitChange) => void) | undefined;
  readonly cacheLookups?: (() => TierGauges["cacheLookups"]) | undefined;
}

/** A method of a tier. Made once. */
export interface GuardedOperation {
  readonly observed: ObservedOperation;
  /** Doing it twice is doing it once: reads, and what the engine makes so. */
  readonly isRepeatable: boolean;
  /** Takes longer the more data there are: the tier's deadline is not for it. */
  readonly isLong: boolean;
}

export interface GuardedCall<T> {
  readonly operation: GuardedOperation;
  readonly subject: CallSubject;
  readonly signal: AbortSignal | undefined;
  /** What it comes to when the tier cannot do it. Without it the call rejects then. */
  readonly fallback?: ((error: unknown) => T) | undefined;
  /** It is made however many others there are. */
  readonly isUrgent?: boolean | undefined;
}

interface WaitingWork<T> {
  readonly call: GuardedCall<T>;
  readonly work: () => Promise<T>;
  readonly bulkhead: Bulkhead;
}

/** For urgent calls: always a place. */
const UNBOUNDED = new Bulkhead({ concurrentMax: Number.POSITIVE_INFINITY, queueMax: 0 });

const STATE_NUMBERS: Readonly<Record<CircuitState, number>> = { closed: 0, open: 1, "half-open": 2 };

/**
 * Stands between the vault and one engine. A call that cannot succeed is not made, the engine never has more of them
 * than it may, each ends in time, and each is told of. Whether an engine that is out of order is back is found out in
 * the background.
 */
export class TierGuard {
  readonly tier: TierName;
  readonly policy: TierPolicy;
  readonly observer: TierObserver;
  readonly timers: Timers;
  readonly breaker: CircuitBreaker;
  readonly #options: TierGuardOptions;
  readonly #engine: GuardedEngine;
  readonly #random: Random;
  readonly #unwatch: () => void;
  #usual: AttemptContext;

  constructor(options: TierGuardOptions, engine: GuardedEngine) {
    const { tier, policy, observer, timers = systemTimers, random = Math.random } = options;
    this.tier = tier;
    this.policy = policy;
    this.observer = observer;
    this.timers = timers;
    this.#options = options;
    this.#engine = engine;
    this.#random = random;
    this.breaker = new CircuitBreaker({
      settings: policy.circuitBreaker,
      timeoutsAreConsecutive: policy.timeoutsAreConsecutive,
      recovery: engine.recovery,
      timers,
      random,
      onChange: (change) => this.#changed(change),
    });
    const deadlines = policy.deadlineMs === undefined ? undefined : new Deadlines(policy.deadlineMs, timers);
    this.#usual = { tier, breaker: this.breaker, bulkhead: new Bulkhead(policy.bulkhead), deadlines };
    this.#unwatch = observer.watch(() => this.#gauges());
    if (options.startsDown) this.breaker.open(0);
  }

  /** @param span the name of its spans */
  operation(name: string, span: string, kind: Partial<Omit<GuardedOperation, "observed">> = {}): GuardedOperation {
    return { observed: this.observer.operation(name, span), isRepeatable: false, isLong: false, ...kind };
  }

  /** Rejects with `storage_unavailable` without asking while the circuit is open, and when there are too many calls. */
  run<T>(call: GuardedCall<T>, work: () => Promise<T>): Promise<T> {
    if (call.operation.isRepeatable && this.policy.retry.retriesMax > 0) return this.#repeat(call, work);
    return this.#attempt(call, work);
  }

  /** Everything it yields, as one call without retry, deadline or place: its consumer decides how long it takes. */
  async *stream<T>(call: Omit<GuardedCall<T>, "fallback">, items: () => AsyncIterable<T>): AsyncIterable<T> {
    throwIfAborted(call.signal);
    if (!this.breaker.isClosed) throw this.#turnAway(call, circuitOpenError(this.tier));
    const observation = this.observer.observe(call.operation.observed, call.subject);
    try {
      yield* items();
      this.breaker.succeeded();
      observation.succeeded();
    } catch (error) {
      observation.failed(error);
      const failure = failureOf(this.tier, error);
      if (failure !== undefined) this.breaker.failed(failure);
      throw error;
    }
  }

  /** Stops waiting for signs of life. Calls that are under way end as they do. */
  dispose(): void {
    this.breaker.dispose();
    this.#unwatch();
  }

  async #repeat<T>(call: GuardedCall<T>, work: () => Promise<T>): Promise<T> {
    const { retry } = this.policy;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(call, work);
      } catch (error) {
        if (attempt > retry.retriesMax || !this.#mayRepeat(error)) throw error;
      }
      await pause(retryPauseMs(retry, attempt, this.#random), this.timers, call.signal);
    }
  }

  /** After a timeout the same call would time out again, and there would be one more of them. */
  #mayRepeat(error: unknown): boolean {
    return isVaultError(error, "storage_unavailable") && !isRefusal(error) && this.breaker.isClosed;
  }

  #attempt<T>(call: GuardedCall<T>, work: () => Promise<T>): Promise<T> {
    if (call.signal?.aborted) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const context = this.#contextOf(call);
      const { bulkhead } = context;
      const attempt = new GuardedAttempt<T>(context, { resolve, reject, fallback: call.fallback });
      if (!this.breaker.isClosed && !call.isUrgent) attempt.giveUp(this.#turnAway(call, circuitOpenError(this.tier)));
      else if (bulkhead.tryEnter()) attempt.start(work, this.observer.observe(call.operation.observed, call.subject));
      else if (bulkhead.isFull) attempt.giveUp(this.#turnAway(call, overloadedError(this.tier)));
      else this.#startInTurn(attempt, { call, work, bulkhead });
    });
  }

  /** Few calls are not like most, and those share theirs. */
  #contextOf<T>({ operation, isUrgent }: GuardedCall<T>): AttemptContext {
    if (!operation.isLong && !isUrgent) return this.#usual;
    const { bulkhead, deadlines } = this.#usual;
    return {
      ...this.#usual,
      bulkhead: isUrgent ? UNBOUNDED : bulkhead,
      deadlines: operation.isLong ? undefined : deadlines,
    };
  }

  #startInTurn<T>(attempt: GuardedAttempt<T>, { call, work, bulkhead }: WaitingWork<T>): void {
    const start = (): void => {
      if (!attempt.isOver && this.breaker.isClosed) {
        attempt.start(work, this.observer.observe(call.operation.observed, call.subject));
        return;
      }
      bulkhead.leave();
      if (!attempt.isOver) attempt.giveUp(this.#turnAway(call, circuitOpenError(this.tier)));
    };
    bulkhead.wait(call.signal).then(start, (error: unknown) => {
      if (!attempt.isOver) attempt.giveUp(error);
    });
  }

  #turnAway<T>(call: Omit<GuardedCall<T>, "fallback">, error: VaultError): VaultError {
    this.observer.countTurnedAway(call.operation.observed);
    return error;
  }

  #gauges(): TierGauges {
    const { state } = this.breaker;
    return {
      circuitState: STATE_NUMBERS[state],
      isDegraded: state !== "closed",
      cacheLookups: this.#engine.cacheLookups?.(),
    };
  }

  #changed(change: CircuitChange): void {
    // Calls that the engine never answered keep their places; they are not to keep others out now that it is back.
    if (change.to === "closed") this.#usual = { ...this.#usual, bulkhead: new Bulkhead(this.policy.bulkhead) };
    this.observer.circuitChanged(change, this.#options.isRequired);
    this.#engine.onChange?.(change);
  }
}
