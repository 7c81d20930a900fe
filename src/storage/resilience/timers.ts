/** Time, for policies: what waits and measures takes it from here, so that a test can move it. */
export interface Timers {
  /** Milliseconds of a clock that never goes back, counted from anywhere. */
  nowMs(): number;
  /** Runs it once, `delayMs` from now or a little later. Keeps no process alive. Returns what calls it off. */
  after(delayMs: number, run: () => void): () => void;
}

/** From 0, inclusive, to 1. */
export type Random = () => number;

export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
