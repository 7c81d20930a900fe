import { describe, expect, it } from "vitest";
import { VaultError } from "../errors.ts";
import { FaultInjector } from "../testing/fault-injection.ts";
import { ManualTimers } from "../testing/manual-timers.ts";
import { StorageHealthCheck, type TierProbe } from "./health.ts";

function open(...given: (Partial<TierProbe> & Pick<TierProbe, "tier" | "required">)[]) {
  const timers = new ManualTimers();
  const tiers = given.map((probe) => ({ probe, faults: new FaultInjector() }));
  const probes = tiers.map(({ probe, faults }) => ({
    engine: "under-test",
    ping: () => faults.call("ping", undefined, async () => undefined),
    ...probe,
  }));
  return { timers, faults: tiers.map(({ faults }) => faults), health: new StorageHealthCheck(probes, timers) };
}

const DOWN = { kind: "fail", when: "before", code: "storage_unavailable" } as const;
const ALL = [
  { tier: "hot", required: false },
  { tier: "relational", required: true },
  { tier: "documents", required: true },
  { tier: "cold", required: true },
] as const;

describe("the health of the storage", () => {
  it("is that of all tiers, asked at once", async () => {
    const { health } = open(...ALL);
    expect(await health.check()).toEqual({
      status: "ready",
      tiers: ALL.map((tier) => ({
        ...tier,
        engine: "under-test",
        status: "up",
        latencyMs: 0,
        circuit: "closed",
        code: null,
      })),
    });
  });

  it.each([
    [0, "degraded"],
    [1, "not_ready"],
    [2, "not_ready"],
    [3, "not_ready"],
  ])("without tier %i is %s", async (index, status) => {
    const { health, faults } = open(...ALL);
    faults[index]?.inject({ fault: DOWN });
    const checked = await health.check();
    expect(checked.status).toBe(status);
    expect(checked.tiers[index]).toMatchObject({ status: "down", code: "storage_unavailable" });
  });

  it("tells by a code what went wrong, and not what a driver said", async () => {
    const error = new TypeError("connect ECONNREFUSED 10.0.0.7:5432");
    const { health } = open({ tier: "cold", required: true, ping: () => Promise.reject(error) });
    const { tiers } = await health.check();
    expect(tiers[0]?.code).toBe("internal_error");
    expect(JSON.stringify(tiers)).not.toContain("10.0.0.7");
  });

  it("survives a probe that throws", async () => {
    const ping = () => {
      throw new VaultError("closed", "Closed.");
    };
    const { health } = open({ tier: "cold", required: true, ping });
    expect(await health.check()).toMatchObject({ status: "not_ready", tiers: [{ code: "closed" }] });
  });

  it("waits two seconds, for all of them together", async () => {
    const { health, timers, faults } = open(...ALL);
    for (const injector of faults) injector.inject({ fault: { kind: "hang" } });
    const check = health.check();
    await timers.advance(2_000);
    const { tiers, status } = await check;
    expect(status).toBe("not_ready");
    for (const tier of tiers) expect(tier).toMatchObject({ status: "down", code: "storage_timeout", latencyMs: 2_000 });
  });

  it("is asked for again after five seconds, by however many, and after one when it was bad", async () => {
    const { health, timers, faults } = open({ tier: "cold", required: true });
    await Promise.all([health.check(), health.check()]);
    await timers.advance(4_999);
    await health.check();
    expect(faults[0]?.calls).toHaveLength(1);
    faults[0]?.inject({ fault: DOWN });
    await timers.advance(1);
    expect(await health.check()).toMatchObject({ status: "not_ready" });
    expect(faults[0]?.calls).toHaveLength(2);
    faults[0]?.heal();
    await timers.advance(999);
    expect(await health.check()).toMatchObject({ status: "not_ready" });
    await timers.advance(1);
    expect(await health.check()).toMatchObject({ status: "ready" });
  });

  it("is asked for again at once when a circuit has changed", async () => {
    let state: "closed" | "open" = "closed";
    const { health, faults } = open({ tier: "cold", required: true, circuit: () => state });
    expect(await health.check()).toMatchObject({ status: "ready" });
    state = "open";
    expect(await health.check()).toMatchObject({ status: "not_ready" });
    state = "closed";
    expect(await health.check()).toMatchObject({ status: "ready" });
    await health.check();
    expect(faults[0]?.calls).toHaveLength(3);
  });

  it("is degraded for a tier that answers and is not used yet", async () => {
    const circuit = () => "open" as const;
    const hot = open({ tier: "hot", required: false, circuit });
    expect(await hot.health.check()).toMatchObject({
      status: "degraded",
      tiers: [{ status: "degraded", circuit: "open", code: null }],
    });
    const cold = open({ tier: "cold", required: true, circuit });
    expect(await cold.health.check()).toMatchObject({ status: "not_ready" });
  });
});
