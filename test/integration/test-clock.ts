import { addMs, type Clock, type Instant } from "../../src/clock.ts";

export const SECOND_MS = 1_000;
export const DAY_MS = 86_400_000;

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #now: Instant;

  constructor(now = "2026-03-03T09:30:00.000Z") {
    this.#now = now as Instant;
  }

  now(): Instant {
    return this.#now;
  }

  /** Moves on and returns the new time. */
  advance(ms: number): Instant {
    this.#now = addMs(this.#now, ms);
    return this.#now;
  }
}
