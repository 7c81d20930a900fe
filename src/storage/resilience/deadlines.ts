import type { Timers } from "./timers.ts";

/** What is told when its time is up, unless it is taken away before. A link of the list of those that wait. */
export abstract class Deadline {
  /** Of the deadlines that this one waits with. */
  earlier: Deadline | undefined;
  later: Deadline | undefined;
  dueTick = 0;

  abstract expire(): void;
}

const TICKS = 10;
/** A process that was busy has answers to read first: as much as it is late, they may be too. */
const TICKS_AT_ONCE_MAX = 2;

/**
 * Deadlines of one length for any number of calls, with one timer that runs only while there are calls: far cheaper
 * than a timer for each. They come after `lengthMs` and before a tenth more of it, while the process is not busy.
 */
export class Deadlines {
  readonly #timers: Timers;
  readonly #tickMs: number;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #tick = 0;
  #lastAddedTick = 0;
  #isRunning = false;
  #lastTickMs = 0;

  constructor(lengthMs: number, timers: Timers) {
    this.#timers = timers;
    this.#tickMs = lengthMs / TICKS;
  }

  add(deadline: Deadline): void {
    // One tick more than its length, because a part of the present one is over.
    deadline.dueTick = this.#tick + TICKS + 1;
    deadline.earlier = this.#last;
    if (this.#last) this.#last.later = deadline;
    else this.#first = deadline;
    this.#last = deadline;
    this.#lastAddedTick = this.#tick;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#lastTickMs = this.#timers.nowMs();
    this.#timers.after(this.#tickMs, this.#advance);
  }

  /** Of one that was added and has not expired. */
  remove(deadline: Deadline): void {
    const { earlier, later } = deadline;
    if (earlier) earlier.later = later;
    else this.#first = later;
    if (later) later.earlier = earlier;
    else this.#last = earlier;
    deadline.earlier = undefined;
    deadline.later = undefined;
  }

  readonly #advance = (): void => {
    const nowMs = this.#timers.nowMs();
    const due = Math.max(1, Math.floor((nowMs - this.#lastTickMs) / this.#tickMs));
    const count = Math.min(due, TICKS_AT_ONCE_MAX);
    // What a timer is late by is made up for with the next one.
    this.#lastTickMs = due > count ? nowMs : this.#lastTickMs + count * this.#tickMs;
    this.#tick += count;
    this.#expireDue();
    // It goes on for a while without any, so that calls now and then do not each start it anew.
    this.#isRunning = this.#first !== undefined || this.#tick - this.#lastAddedTick <= TICKS;
    if (this.#isRunning) this.#timers.after(this.#lastTickMs + this.#tickMs - nowMs, this.#advance);
  };

  #expireDue(): void {
    for (let next = this.#first; next !== undefined && next.dueTick <= this.#tick; next = this.#first) {
      this.remove(next);
      next.expire();
    }
  }
}
