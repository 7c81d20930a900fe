import { addMs, type Clock, type Instant } from "../clock.ts";

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: Instant;

  constructor(now: Instant = "2026-03-03T09:30:00.000Z" as Instant) {
    this.#now = now;
  }

  now(): Instant {
    return this.#now;
  }

  /** Moves on, and returns the new time. */
  advance(ms: number): Instant {
    this.#now = addMs(this.#now, ms);
    return this.#now;
  }
}
