import type { Timers } from "../../storage/resilience/timers.ts";

export interface PatienceOptions {
  readonly timers: Timers;
  /** Without any sign of life. */
  readonly idleMs: number;
  readonly totalMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A signal that fires when nothing was heard for too long, when it takes too long altogether, or when the caller gives up. */
export class Patience {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timers: Timers;
  readonly #idleMs: number;
  readonly #cancelTotal: () => void;
  #cancelIdle: () => void;

  constructor({ timers, idleMs, totalMs, signal }: PatienceOptions) {
    this.#timers = timers;
    this.#idleMs = idleMs;
    const { signal: own } = this.#controller;
    this.signal = signal ? AbortSignal.any([own, signal]) : own;
    this.#cancelTotal = timers.after(totalMs, () => this.#controller.abort());
    this.#cancelIdle = timers.after(idleMs, () => this.#controller.abort());
  }

  /** Until it is renewed it is not the other side that is waited for. */
  pause(): void {
    this.#cancelIdle();
  }

  /** There was a sign of life. */
  renew(): void {
    this.#cancelIdle();
    this.#cancelIdle = this.#timers.after(this.#idleMs, () => this.#controller.abort());
  }

  end(): void {
    this.#cancelIdle();
    this.#cancelTotal();
  }
}
