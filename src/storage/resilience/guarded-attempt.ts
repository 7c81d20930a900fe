import { type Observation, UNOBSERVED } from "../observability/observed-operation.ts";
import type { Bulkhead } from "./bulkhead.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { Deadline, type Deadlines } from "./deadlines.ts";
import { deadlineError, failureOf, isOutage } from "./storage-failure.ts";
import type { TierName } from "./tier-policy.ts";

/** What an attempt needs of its guard. */
export interface AttemptContext {
  readonly tier: TierName;
  readonly breaker: CircuitBreaker;
  /** The one that has, or will have, a place for the attempt. */
  readonly bulkhead: Bulkhead;
  /** `undefined` when it may take its time. */
  readonly deadlines: Deadlines | undefined;
}

/** How its caller is told of its end. */
export interface Settling<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  /** Instead of an error that says that the tier could not do it. */
  readonly fallback: ((error: unknown) => T) | undefined;
}

/** One call of an engine. Its caller may be gone before it has ended: then its deadline was over. */
export class GuardedAttempt<T> extends Deadline {
  isOver = false;
  readonly #context: AttemptContext;
  readonly #settling: Settling<T>;
  #observation: Observation = UNOBSERVED;

  /** Its time runs from now on, whether it has a place or waits for one. */
  constructor(context: AttemptContext, settling: Settling<T>) {
    super();
    this.#context = context;
    this.#settling = settling;
    context.deadlines?.add(this);
  }

  /** Once it has its place in the bulkhead. */
  start(work: () => Promise<T>, observation: Observation): void {
    this.#observation = observation;
    try {
      observation.begin(work).then(
        (value) => this.#succeed(value),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends it for its caller. */
  giveUp(error: unknown): void {
    this.#context.deadlines?.remove(this);
    this.#end(error);
  }

  /** A place in the bulkhead stays taken while the engine is at it. */
  override expire(): void {
    const error = deadlineError(this.#context.tier);
    this.#observation.failed(error);
    this.#end(error);
  }

  #succeed(value: T): void {
    const { breaker, bulkhead, deadlines } = this.#context;
    bulkhead.leave();
    if (this.isOver) return;
    this.isOver = true;
    deadlines?.remove(this);
    breaker.succeeded();
    this.#observation.succeeded();
    this.#settling.resolve(value);
  }

  #fail(error: unknown): void {
    this.#context.bulkhead.leave();
    if (this.isOver) return;
    this.#observation.failed(error);
    this.giveUp(error);
  }

  #end(error: unknown): void {
    this.isOver = true;
    const failure = failureOf(this.#context.tier, error);
    if (failure !== undefined) this.#context.breaker.failed(failure);
    const { fallback, reject, resolve } = this.#settling;
    if (fallback && isOutage(error)) resolve(fallback(error));
    else reject(error);
  }
}
