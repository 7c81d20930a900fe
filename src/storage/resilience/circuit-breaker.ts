import type { CircuitChange, CircuitState } from "../observability/tier-observer.ts";
import { CallWindow } from "./call-window.ts";
import type { FailureCode } from "./storage-failure.ts";
import type { CircuitBreakerSettings } from "./tier-policy.ts";
import type { Random, Timers } from "./timers.ts";

/** What has to happen before calls are let through again. */
export interface Recovery {
  /** Rejects when it is too early. Not called again before it has settled. */
  attempt(): Promise<void>;
  /**
   * Asked when an attempt has succeeded, in the same turn in which the circuit then closes. `false` asks for another.
   */
  isComplete(): boolean;
}

export interface CircuitBreakerOptions {
  readonly settings: CircuitBreakerSettings;
  readonly timeoutsAreConsecutive: boolean;
  readonly recovery: Recovery;
  readonly timers: Timers;
  readonly random: Random;
  readonly onChange: (change: CircuitChange) => void;
}

const FIRST_OPEN_MS = 1_000;
const JITTER = 0.2;

/**
 * Knows when an engine is out of order, and finds out by itself when it is back: no caller's call is ever the one that
 * tries. Calls are not made through it; it is told how they ended.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #window: CallWindow;
  #state: CircuitState = "closed";
  #lastCode: FailureCode | undefined;
  #consecutive = 0;
  #openMs = 0;
  #closedAtMs: number | undefined;
  #callOff: (() => void) | undefined;
  #recovering: Promise<void> | undefined;
  #isDisposed = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#window = new CallWindow(options.settings.samplingMs);
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get state(): CircuitState {
    return this.#state;
  }

  get lastCode(): FailureCode | undefined {
    return this.#lastCode;
  }

  /** Of a call that was let through. */
  succeeded(): void {
    // What was under way when the circuit opened proves nothing.
    if (this.#state !== "closed") return;
    this.#consecutive = 0;
    this.#window.add(this.#options.timers.nowMs(), false);
  }

  /** Of a call that was let through. */
  failed(code: FailureCode): void {
    this.#lastCode = code;
    if (this.#state !== "closed") return;
    const { settings, timers, timeoutsAreConsecutive } = this.#options;
    if (code === "storage_unavailable" || timeoutsAreConsecutive) this.#consecutive++;
    this.#window.add(timers.nowMs(), true);
    const { calls, failures } = this.#window;
    const isTooMany = calls >= settings.callsMin && failures >= settings.failureRatio * calls;
    if (isTooMany || this.#consecutive >= settings.consecutiveFailures) this.open();
  }

  /**
   * Lets no call through until the engine has recovered: that is tried after `delayMs`, or else after the usual time.
   */
  open(delayMs?: number): void {
    if (this.#state === "open" || this.#isDisposed) return;
    if (this.#state === "closed" && this.#isAnotherOutage()) this.#openMs = 0;
    this.#change("open");
    this.#callOff = this.#options.timers.after(delayMs ?? this.#nextOpenMs(), () => this.#tryToClose());
  }

  /**
   * There was a sign of life: no reason to wait any longer. Resolves when it is known whether the engine has recovered.
   */
  async tryNow(): Promise<void> {
    if (this.#state === "open" && !this.#isDisposed) {
      this.#callOff?.();
      this.#tryToClose();
    }
    await this.#recovering;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#callOff?.();
  }

  #tryToClose(): void {
    this.#callOff = undefined;
    this.#change("half-open");
    this.#recovering = this.#recover();
  }

  async #recover(): Promise<void> {
    const { recovery } = this.#options;
    try {
      do await recovery.attempt();
      while (!recovery.isComplete() && !this.#isDisposed);
    } catch {
      // What was said against it is known already: it is as it was before.
      this.open();
      return;
    }
    if (!this.#isDisposed) this.#close();
  }

  #close(): void {
    this.#consecutive = 0;
    this.#window.clear();
    this.#closedAtMs = this.#options.timers.nowMs();
    this.#change("closed");
  }

  /** An engine that comes and goes is not asked more and more often. */
  #isAnotherOutage(): boolean {
    const { settings, timers } = this.#options;
    return this.#closedAtMs === undefined || timers.nowMs() - this.#closedAtMs > settings.samplingMs;
  }

  #nextOpenMs(): number {
    const { settings, random } = this.#options;
    this.#openMs = Math.min(settings.openMs, this.#openMs === 0 ? FIRST_OPEN_MS : 2 * this.#openMs);
    return this.#openMs * (1 + JITTER * (2 * random() - 1));
  }

  #change(to: CircuitState): void {
    const from = this.#state;
    this.#state = to;
    this.#options.onChange({ from, to, code: this.#lastCode });
  }
}
