import { describe, expect, it } from "vitest";
import { ManualTimers } from "../../testing/manual-timers.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { CircuitBreakerSettings } from "./tier-policy.ts";

const SETTINGS: CircuitBreakerSettings = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  callsMin: 5,
  samplingMs: 60_000,
  openMs: 5_000,
};

function open(over: Partial<{ settings: Partial<CircuitBreakerSettings>; timeoutsAreConsecutive: boolean }> = {}) {
  const timers = new ManualTimers();
  const changes: string[] = [];
  const engine = { isBack: false, isComplete: true, attempts: 0 };
  const breaker = new CircuitBreaker({
    settings: { ...SETTINGS, ...over.settings },
    timeoutsAreConsecutive: over.timeoutsAreConsecutive ?? true,
    recovery: {
      async attempt() {
        engine.attempts++;
        if (!engine.isBack) throw new TypeError("away");
      },
      isComplete: () => engine.isComplete,
    },
    timers,
    // No variation.
    random: () => 0.5,
    onChange: ({ to }) => changes.push(to),
  });
  return { timers, breaker, changes, engine };
}

function fail(breaker: CircuitBreaker, times: number): void {
  for (let count = 0; count < times; count++) breaker.failed("storage_unavailable");
}

describe("a circuit opens", () => {
  it("with three failures in a row", () => {
    const { breaker } = open();
    fail(breaker, 2);
    for (let count = 0; count < 5; count++) breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.state).toBe("closed");
    fail(breaker, 1);
    expect(breaker.state).toBe("open");
    expect(breaker.lastCode).toBe("storage_unavailable");
  });

  it("when half of at least five calls of the last minute failed", () => {
    const { breaker } = open();
    breaker.succeeded();
    fail(breaker, 1);
    breaker.succeeded();
    fail(breaker, 1);
    expect(breaker.state).toBe("closed");
    breaker.succeeded();
    fail(breaker, 1);
    expect(breaker.state).toBe("open");
  });

  it("not for failures that are older than the window, however long nothing was called", async () => {
    const { breaker, timers } = open();
    for (let count = 0; count < 2; count++) {
      breaker.failed("storage_unavailable");
      breaker.succeeded();
    }
    await timers.advance(60_000);
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.state).toBe("closed");
    await timers.advance(3_600_000);
    breaker.succeeded();
    fail(breaker, 2);
    expect(breaker.state).toBe("closed");
  });

  it("not for timeouts in a row where calls may be long, but for their part of all calls", () => {
    const { breaker } = open({ timeoutsAreConsecutive: false });
    for (let count = 0; count < 4; count++) breaker.failed("storage_timeout");
    expect(breaker.state).toBe("closed");
    breaker.failed("storage_timeout");
    expect(breaker.state).toBe("open");
  });
});

describe("an open circuit", () => {
  it("asks for a sign of life after a second, then after twice as long, up to its longest time", async () => {
    const { breaker, timers, engine } = open();
    fail(breaker, 3);
    const attemptsAfter: number[] = [];
    for (const ms of [999, 1, 1_999, 1, 3_999, 1, 4_999, 1, 5_000]) {
      await timers.advance(ms);
      attemptsAfter.push(engine.attempts);
    }
    expect(attemptsAfter).toEqual([0, 1, 1, 2, 2, 3, 3, 4, 5]);
  });

  it("varies the time by a fifth", async () => {
    const { timers, breaker, engine } = open({ settings: { openMs: 100 } });
    fail(breaker, 3);
    await timers.advance(100);
    expect(engine.attempts).toBe(1);
    const late = new ManualTimers();
    const other = new CircuitBreaker({
      settings: { ...SETTINGS, openMs: 100 },
      timeoutsAreConsecutive: true,
      recovery: { attempt: async () => undefined, isComplete: () => true },
      timers: late,
      random: () => 0.999_999,
      onChange: () => undefined,
    });
    fail(other, 3);
    await late.advance(119);
    expect(other.state).toBe("open");
    await late.advance(1);
    expect(other.state).toBe("closed");
  });

  it("closes when it has recovered, and not because of calls that were under way", async () => {
    const { breaker, timers, engine, changes } = open();
    fail(breaker, 3);
    breaker.succeeded();
    expect(breaker.state).toBe("open");
    engine.isBack = true;
    await timers.advance(1_000);
    expect(changes).toEqual(["open", "half-open", "closed"]);
    fail(breaker, 2);
    expect(breaker.state).toBe("closed");
  });

  it("tries at once when there was a sign of life", async () => {
    const { breaker, timers, engine } = open();
    fail(breaker, 3);
    engine.isBack = true;
    const tried = breaker.tryNow();
    expect(breaker.state).toBe("half-open");
    await tried;
    expect(breaker.state).toBe("closed");
    expect(timers.waiting).toBe(0);
  });

  it("stays half-open until the recovery is complete", async () => {
    const { breaker, timers, engine, changes } = open();
    fail(breaker, 3);
    engine.isBack = true;
    let asked = 0;
    Object.defineProperty(engine, "isComplete", { get: () => ++asked === 3 });
    await timers.advance(1_000);
    expect({ state: breaker.state, attempts: engine.attempts }).toEqual({ state: "closed", attempts: 3 });
    expect(changes).toEqual(["open", "half-open", "closed"]);
  });

  it("waits longer again when the engine comes and goes, and begins anew after a quiet minute", async () => {
    const { breaker, timers, engine } = open();
    const outage = async (ms: number) => {
      engine.isBack = true;
      fail(breaker, 3);
      await timers.advance(ms - 1);
      const early = breaker.state;
      await timers.advance(1);
      return [early, breaker.state];
    };
    expect(await outage(1_000)).toEqual(["open", "closed"]);
    expect(await outage(2_000)).toEqual(["open", "closed"]);
    expect(await outage(4_000)).toEqual(["open", "closed"]);
    await timers.advance(60_001);
    expect(await outage(1_000)).toEqual(["open", "closed"]);
  });

  it("tries no more when it is disposed of", async () => {
    const { breaker, timers, engine } = open();
    fail(breaker, 3);
    breaker.dispose();
    await timers.advance(60_000);
    expect({ attempts: engine.attempts, waiting: timers.waiting }).toEqual({ attempts: 0, waiting: 0 });
  });
});
