import type { Timers } from "../storage/resilience/timers.ts";

interface Waiting {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time that stands still until a test moves it, for whatever takes its time from `Timers`. */
export class ManualTimers implements Timers {
  #nowMs = 1_000;
  #waiting: Waiting[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const waiting = { dueMs: this.#nowMs + delayMs, run };
    this.#waiting.push(waiting);
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
    };
  }

  /** How many are set. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Moves on and runs nothing, as when the process is busy: what is due then runs late. */
  stall(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves on, runs what is due in its order, and lets what they started settle before the next. */
  async advance(ms: number): Promise<void> {
    await settled();
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#waiting.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.#waiting = this.#waiting.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settled();
    }
    this.#nowMs = untilMs;
    await settled();
  }
}

/** After everything that needs nothing but the present turn of the event loop. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
