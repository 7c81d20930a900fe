import { describe, expect, it } from "vitest";
import { ManualTimers } from "../../testing/manual-timers.ts";
import { Deadline, Deadlines } from "./deadlines.ts";

class Recorded extends Deadline {
  readonly #timers: ManualTimers;
  expiredMs: number | undefined;

  constructor(timers: ManualTimers) {
    super();
    this.#timers = timers;
  }

  override expire(): void {
    this.expiredMs = this.#timers.nowMs();
  }
}

describe("deadlines", () => {
  it("come after their length, and before a tenth more", async () => {
    const timers = new ManualTimers();
    const deadlines = new Deadlines(50, timers);
    const added: { readonly atMs: number; readonly deadline: Recorded }[] = [];
    for (let count = 0; count < 200; count++) {
      const deadline = new Recorded(timers);
      deadlines.add(deadline);
      added.push({ atMs: timers.nowMs(), deadline });
      await timers.advance(1.3);
    }
    await timers.advance(100);
    const took = added.map(({ atMs, deadline }) => (deadline.expiredMs ?? Number.POSITIVE_INFINITY) - atMs);
    expect(Math.min(...took)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...took)).toBeLessThanOrEqual(55 + 1e-6);
  });

  it("do not come for what has ended, in whatever order", async () => {
    const timers = new ManualTimers();
    const deadlines = new Deadlines(50, timers);
    const all = Array.from({ length: 5 }, () => new Recorded(timers));
    for (const deadline of all) deadlines.add(deadline);
    for (const index of [2, 0, 4]) deadlines.remove(all[index] as Recorded);
    await timers.advance(60);
    expect(all.map(({ expiredMs }) => expiredMs !== undefined)).toEqual([false, true, false, true, false]);
  });

  it("leave a process that was busy the time to read answers", async () => {
    const timers = new ManualTimers();
    const deadlines = new Deadlines(50, timers);
    const deadline = new Recorded(timers);
    deadlines.add(deadline);
    // The timer that was due after 5 ms runs after 500.
    timers.stall(500);
    await timers.advance(0);
    expect(deadline.expiredMs).toBeUndefined();
    await timers.advance(60);
    expect(deadline.expiredMs).toBeDefined();
  });

  it("need no timer when there is nothing to wait for", async () => {
    const timers = new ManualTimers();
    const deadlines = new Deadlines(50, timers);
    expect(timers.waiting).toBe(0);
    for (let count = 0; count < 3; count++) {
      const deadline = new Recorded(timers);
      deadlines.add(deadline);
      expect(timers.waiting).toBe(1);
      deadlines.remove(deadline);
      await timers.advance(100);
      expect(timers.waiting).toBe(0);
    }
  });
});
