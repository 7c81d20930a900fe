import { describe, expect, it } from "vitest";
import { VaultError } from "../../errors.ts";
import { FaultInjector } from "../../testing/fault-injection.ts";
import { settled } from "../../testing/manual-timers.ts";
import { type WatchedTierOptions, watchedTier } from "../../testing/watched-tier.ts";
import { TierGuard } from "./tier-guard.ts";

const DOWN = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
const SLOW = { kind: "fail", when: "before", code: "storage_timeout" } as const;

function open(given: Partial<WatchedTierOptions> = {}) {
  const tier = watchedTier({ tier: "documents", ...given });
  const faults = new FaultInjector();
  const guard = new TierGuard(tier.options, {
    recovery: { attempt: () => faults.call("ping", undefined, async () => undefined), isComplete: () => true },
  });
  const read = guard.operation("get", "storage.warm.query", { isRepeatable: true });
  const write = guard.operation("insert", "storage.warm.save");
  const verify = guard.operation("verify", "storage.cold.verify", { isLong: true });
  const run = (operation: typeof read, signal?: AbortSignal) =>
    guard.run({ operation, subject: {}, signal }, () =>
      faults.call(operation.observed.name, signal, async () => "done"),
    );
  return { ...tier, faults, guard, read, write, verify, run };
}

describe("a guarded read", () => {
  it("is repeated up to three times when the engine cannot be reached, after pauses that double", async () => {
    const { run, read, faults, timers } = open({ policy: { circuitBreaker: patient() } });
    faults.inject({ fault: DOWN, times: 3 });
    const call = run(read);
    const callsAfter: number[] = [];
    // Half of 50, 100 and 200 ms, because chance stands still.
    for (const ms of [0, 24, 1, 49, 1, 99, 1]) {
      await timers.advance(ms);
      callsAfter.push(faults.calls.length);
    }
    expect(callsAfter).toEqual([1, 1, 2, 2, 3, 3, 4]);
    expect(await call).toBe("done");
  });

  it("gives up after that, and when the circuit opens", async () => {
    const patientTier = open({ policy: { circuitBreaker: patient() } });
    patientTier.faults.inject({ fault: DOWN });
    const call = outcomeOf(patientTier.run(patientTier.read));
    await patientTier.timers.advance(10_000);
    expect(await call).toMatchObject({ code: "storage_unavailable" });
    expect(patientTier.faults.calls).toHaveLength(4);
    const { run, read, faults, timers } = open();
    faults.inject({ fault: DOWN });
    const other = outcomeOf(run(read));
    await timers.advance(500);
    expect(await other).toMatchObject({ code: "storage_unavailable" });
    expect(faults.calls.filter((name) => name === "get")).toHaveLength(3);
  });

  it("is not repeated after a timeout", async () => {
    const { run, read, faults } = open();
    faults.inject({ fault: SLOW });
    await expect(run(read)).rejects.toMatchObject({ code: "storage_timeout" });
    expect(faults.calls).toEqual(["get"]);
  });

  it("is not repeated when its caller has left, who is told at once", async () => {
    const { run, read, faults, timers } = open();
    faults.inject({ fault: DOWN, times: 1 });
    const controller = new AbortController();
    const call = outcomeOf(run(read, controller.signal));
    await settled();
    controller.abort();
    expect(await call).toMatchObject({ code: "aborted" });
    await timers.advance(1_000);
    expect(faults.calls).toEqual(["get"]);
  });
});

describe("a guarded write", () => {
  it("is made once, whatever becomes of it", async () => {
    const { run, write, faults } = open();
    faults.inject({ fault: DOWN });
    await expect(run(write)).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(faults.calls).toEqual(["insert"]);
  });
});

describe("a guard", () => {
  it("lets no call through while the engine is out of order, and all of them when it is back", async () => {
    const { run, write, read, faults, timers, logged } = open({ isRequired: true });
    faults.inject({ fault: DOWN });
    for (let count = 0; count < 3; count++) await outcomeOf(run(write));
    faults.calls.length = 0;
    for (const operation of [read, write]) {
      expect(await outcomeOf(run(operation))).toMatchObject({
        code: "storage_unavailable",
        retryable: true,
        details: { tier: "documents", reason: "circuit_open" },
      });
    }
    expect(faults.calls).toEqual([]);
    faults.heal();
    await timers.advance(1_000);
    expect(await run(read)).toBe("done");
    expect(logged("storage_state_changed").map(({ level, state }) => [level, state])).toEqual([
      ["error", "unavailable"],
      ["warn", "available"],
    ]);
  });

  it("does not hold against the engine what is the caller's doing", async () => {
    const { guard, write } = open();
    for (const code of ["aborted", "closed", "invalid_value", "record_exists", "write_conflict"] as const) {
      for (let count = 0; count < 10; count++) {
        const work = () => Promise.reject(new VaultError(code, "No."));
        const call = guard.run({ operation: write, subject: {}, signal: undefined }, work);
        expect(await outcomeOf(call)).toMatchObject({ code });
      }
    }
    expect(guard.breaker.state).toBe("closed");
  });

  it("does not hold against its engine what another tier did", async () => {
    const { run, write, faults } = open();
    const outer = open({ tier: "relational" });
    faults.inject({ fault: DOWN });
    for (let count = 0; count < 6; count++) {
      const call = { operation: outer.write, subject: {}, signal: undefined };
      expect(await outcomeOf(outer.guard.run(call, () => run(write)))).toMatchObject({ code: "storage_unavailable" });
    }
    expect(outer.guard.breaker.state).toBe("closed");
  });

  it("counts each call of an engine that rejects all of them with one error", async () => {
    const { guard, write } = open();
    const error = new VaultError("storage_unavailable", "Not connected.");
    const call = { operation: write, subject: {}, signal: undefined };
    for (let count = 0; count < 3; count++) await outcomeOf(guard.run(call, () => Promise.reject(error)));
    expect(guard.breaker.state).toBe("open");
  });

  it("bounds the calls that are under way and those that wait, who come in their order", async () => {
    const { run, write, faults, guard } = open({ policy: { bulkhead: { concurrentMax: 2, queueMax: 2 } } });
    faults.inject({ fault: { kind: "hold", when: "after" } });
    const order: number[] = [];
    const calls = Array.from({ length: 5 }, (_, index) => {
      const call = outcomeOf(run(write));
      void call.then(() => order.push(index));
      return call;
    });
    expect(await calls[4]).toMatchObject({ code: "storage_unavailable", details: { reason: "overloaded" } });
    expect(faults.calls).toHaveLength(2);
    for (let count = 0; count < 2; count++) {
      faults.release();
      await settled();
    }
    expect(await Promise.all(calls.slice(0, 4))).toEqual(["done", "done", "done", "done"]);
    expect(order).toEqual([4, 0, 1, 2, 3]);
    expect(guard.breaker.state).toBe("closed");
  });

  it("lets who waits leave at once, and gives nobody its place", async () => {
    const { run, write, faults } = open({ policy: { bulkhead: { concurrentMax: 1, queueMax: 5 } } });
    faults.inject({ fault: { kind: "hold", when: "after" } });
    const first = run(write);
    const controller = new AbortController();
    const second = outcomeOf(run(write, controller.signal));
    const third = run(write);
    controller.abort();
    expect(await second).toMatchObject({ code: "aborted" });
    faults.heal();
    await settled();
    faults.heal();
    expect(await Promise.all([first, third])).toEqual(["done", "done"]);
    expect(faults.calls).toHaveLength(2);
    expect(await run(write)).toBe("done");
  });

  it("counts the time of waiting into the deadline, and exempts what may take long", async () => {
    const policy = { bulkhead: { concurrentMax: 2, queueMax: 5 }, deadlineMs: 100 };
    const { run, write, verify, faults, timers } = open({ policy });
    faults.inject({ fault: { kind: "hang" } });
    const long = outcomeOf(run(verify));
    const calls = [outcomeOf(run(write)), outcomeOf(run(write))];
    await timers.advance(111);
    for (const outcome of await Promise.all(calls)) expect(outcome).toMatchObject({ code: "storage_timeout" });
    expect(faults.calls).toEqual(["verify", "insert"]);
    expect(await Promise.race([long, settled()])).toBeUndefined();
  });

  it("survives an engine that throws instead of rejecting", async () => {
    const { guard, write } = open({ policy: { bulkhead: { concurrentMax: 1, queueMax: 0 } } });
    const call = { operation: write, subject: {}, signal: undefined };
    const thrown = guard.run(call, () => {
      throw new VaultError("internal_error", "A bug.");
    });
    await expect(thrown).rejects.toMatchObject({ code: "internal_error" });
    expect(await guard.run(call, async () => 1)).toBe(1);
  });

  it("passes a stream on, which ends with the error of the engine", async () => {
    const { guard, read, faults } = open();
    const call = { operation: read, subject: {}, signal: undefined };
    async function* numbers() {
      yield await faults.call("stream", undefined, async () => 1);
      yield await faults.call("stream", undefined, async () => 2);
    }
    expect(await Array.fromAsync(guard.stream(call, numbers))).toEqual([1, 2]);
    faults.inject({ fault: DOWN });
    for (let count = 0; count < 3; count++) {
      await expect(Array.fromAsync(guard.stream(call, numbers))).rejects.toMatchObject({ code: "storage_unavailable" });
    }
    faults.calls.length = 0;
    await expect(Array.fromAsync(guard.stream(call, numbers))).rejects.toMatchObject({
      details: { reason: "circuit_open" },
    });
    expect(faults.calls).toEqual([]);
  });
});

/** A breaker that lets every failure of these tests pass. */
function patient() {
  return { consecutiveFailures: 100, failureRatio: 1, callsMin: 100, samplingMs: 60_000, openMs: 1_000 };
}

function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error);
}
