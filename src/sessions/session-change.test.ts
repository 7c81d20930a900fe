import { describe, expect, it } from "vitest";
import type { Instant } from "../clock.ts";
import type { ScenarioId, StepId } from "../identifiers.ts";
import { freshSession, freshVisit } from "../testing/session-records.ts";
import { STEP_HISTORY_MAX, VARIABLES_BYTES_MAX } from "./session.ts";
import { planSessionChange } from "./session-change.ts";

const NOW = "2026-03-03T09:30:00.000Z" as Instant;
const scenarioId = "01a00000-0000-7000-8000-000000000001" as ScenarioId;
const stepId = "01a00000-0000-7000-8000-000000000002" as StepId;
const step = { stepId, stepName: "Pay", isCheckpoint: false, stepContentHash: "hash" };

describe("planSessionChange", () => {
  it("changes nothing that is left out, and leaves what it was given as it was", () => {
    const session = freshSession({ variables: { a: 1 } });
    const copy = structuredClone(session);
    expect(planSessionChange(session, { status: undefined, variables: undefined }, NOW)).toEqual(copy);
    planSessionChange(session, { variables: { a: 2 }, scenario: { scenarioId, version: 1 }, step }, NOW);
    expect(session).toEqual(copy);
  });

  it("forgets the oldest of more visits than a session remembers", () => {
    const visits = Array.from({ length: STEP_HISTORY_MAX }, (_, turnNumber) => freshVisit({ turnNumber }));
    const session = freshSession({ activeScenarioId: scenarioId, activeScenarioVersion: 1, stepHistory: visits });
    const { stepHistory } = planSessionChange(session, { step: { ...step, turnNumber: 500 } }, NOW);
    expect(stepHistory).toHaveLength(STEP_HISTORY_MAX);
    expect(stepHistory.at(0)?.turnNumber).toBe(1);
    expect(stepHistory.at(-1)).toMatchObject({ ...step, turnNumber: 500, enteredAt: NOW });
  });

  it("counts a return to a step after another one, also in the same turn", () => {
    const session = freshSession({ activeScenarioId: scenarioId, activeScenarioVersion: 1 });
    const other = { ...step, stepId: "01a00000-0000-7000-8000-000000000003" as StepId };
    let changed = session;
    for (const each of [step, step, other, step]) changed = planSessionChange(changed, { step: each }, NOW);
    expect(changed.stepHistory.map((visit) => visit.stepId)).toEqual([stepId, other.stepId, stepId]);
  });

  it("keeps step and checksum of the scenario that it enters again", () => {
    const scenario = { scenarioId, version: 1 };
    const session = planSessionChange(freshSession(), { scenario: { ...scenario, checksum: "sum" }, step }, NOW);
    expect(planSessionChange(session, { scenario }, NOW)).toEqual(session);
    expect(planSessionChange(session, { scenario: { ...scenario, checksum: null } }, NOW).scenarioChecksum).toBeNull();
    const next = planSessionChange(session, { scenario: { ...scenario, version: 2 } }, NOW);
    expect(next).toMatchObject({ activeStepId: null, scenarioChecksum: null, activeScenarioVersion: 2 });
  });

  it("takes variables up to the limit, by the bytes of all of them", () => {
    const room = VARIABLES_BYTES_MAX - Buffer.byteLength('{"a":"","b":1}');
    const session = freshSession({ variables: { b: 1 } });
    const text = "é".repeat(Math.floor(room / 2)) + "x".repeat(room % 2);
    expect(planSessionChange(session, { variables: { a: text } }, NOW).variables["a"]).toBe(text);
    const full = () => planSessionChange(session, { variables: { a: `${text}x` } }, NOW);
    expect(full).toThrow(
      expect.objectContaining({ code: "limit_exceeded", details: { limit: 65_536, unit: "bytes" } }),
    );
    expect(planSessionChange(session, { variables: { a: `${text}x`, b: null } }, NOW).variables).toHaveProperty("a");
  });
});
