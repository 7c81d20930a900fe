import type { Timers } from "./timers.ts";

/** What is told when its time is up, unless it has ended. */
export interface Deadline {
  readonly isOver: boolean;
  expire(): void;
}

const TICKS = 10;
/** A process that was busy has answers to read first: as much as it is late, they may be too. */
const TICKS_AT_ONCE_MAX = 2;

/**
 * Deadlines of one length for any number of calls, with one timer that runs only while there are any: putting one here costs less
 * than a timer of its own by far. They come after `lengthMs` and before a tenth more of it, when the process is not busy.
 */
export class Deadlines {
  readonly #timers: Timers;
  readonly #tickMs: number;
  #slots: Deadline[][] = Array.from({ length: TICKS + 1 }, () => []);
  #emptyTicks = 0;
  #isRunning = false;
  #lastTickMs = 0;

  constructor(lengthMs: number, timers: Timers) {
    this.#timers = timers;
    this.#tickMs = lengthMs / TICKS;
  }

  add(deadline: Deadline): void {
    // One more than its length, because a part of the tick that runs is over.
    this.#slots[TICKS]?.push(deadline);
    this.#emptyTicks = 0;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#lastTickMs = this.#timers.nowMs();
    this.#timers.after(this.#tickMs, this.#tick);
  }

  readonly #tick = (): void => {
    const nowMs = this.#timers.nowMs();
    const due = Math.max(1, Math.floor((nowMs - this.#lastTickMs) / this.#tickMs));
    const count = Math.min(due, TICKS_AT_ONCE_MAX);
    // What a timer is late by is made up for with the next one.
    this.#lastTickMs = due > count ? nowMs : this.#lastTickMs + count * this.#tickMs;
    for (let passed = 0; passed < count; passed++) this.#advance();
    this.#isRunning = this.#emptyTicks <= TICKS;
    if (this.#isRunning) this.#timers.after(this.#lastTickMs + this.#tickMs - nowMs, this.#tick);
  };

  #advance(): void {
    const [expired = [], ...rest] = this.#slots;
    this.#slots = [...rest, []];
    this.#emptyTicks++;
    for (const deadline of expired) if (!deadline.isOver) deadline.expire();
  }
}
