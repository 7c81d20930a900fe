import type { Session } from "./session.ts";
import type { StepAnchor } from "./session-store.ts";

/** The step that an `active` session stands at; `undefined` for one that is in no scenario, or in another status. */
export function currentStepOf(session: Session): StepAnchor | undefined {
  const { status, activeScenarioId: scenarioId, activeScenarioVersion: scenarioVersion } = session;
  const visit = session.stepHistory.at(-1);
  if (status !== "active" || scenarioId === null || scenarioVersion === null) return undefined;
  if (!visit || visit.stepId !== session.activeStepId) return undefined;
  return { scenarioId, scenarioVersion, stepContentHash: visit.stepContentHash };
}

export function isStandingAt(session: Session, anchor: StepAnchor): boolean {
  const step = currentStepOf(session);
  return (
    step?.scenarioId === anchor.scenarioId &&
    step.scenarioVersion === anchor.scenarioVersion &&
    step.stepContentHash === anchor.stepContentHash
  );
}
