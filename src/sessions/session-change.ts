import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { CustomerId, ScenarioId, StepId } from "../identifiers.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { withDefaults } from "../schema/input-shape.ts";
import { type Session, type SessionStatus, STEP_HISTORY_MAX, type StepVisit, VARIABLES_BYTES_MAX } from "./session.ts";

export interface StepInput {
  readonly stepId: StepId;
  readonly stepName: string;
  readonly isCheckpoint: boolean;
  readonly checkpointDescription?: string | null | undefined;
  readonly stepContentHash: string;
  /** The session's turn when left out. */
  readonly turnNumber?: number | undefined;
  readonly transitionReason?: string | null | undefined;
  /** 1 when left out. */
  readonly confidence?: number | undefined;
}

export interface ScenarioInput {
  readonly scenarioId: ScenarioId;
  readonly version: number;
  readonly checksum?: string | null | undefined;
}

/** What changes of a session; what is left out stays. */
export interface SessionChange {
  readonly status?: SessionStatus | undefined;
  readonly customerId?: CustomerId | null | undefined;
  readonly configVersion?: number | null | undefined;
  readonly profileSnapshotVersion?: number | null | undefined;
  /** Never less than before. */
  readonly turnCount?: number | undefined;
  /** Set by name; `null` removes one. */
  readonly variables?: JsonObject | undefined;
  /** Enters a scenario, or another version of it; `null` leaves the one there is. */
  readonly scenario?: ScenarioInput | null | undefined;
  /** Visits a step of the scenario. A repeat of the last visit, in the same turn, is no further one. */
  readonly step?: StepInput | undefined;
}

/**
 * The session with the change made.
 * @throws `invalid_request` for a step without a scenario or a turn that goes back, `limit_exceeded` for variables
 *   that take more than `VARIABLES_BYTES_MAX`
 */
export function planSessionChange(session: Session, change: SessionChange, now: Instant): Session {
  const { variables, scenario, step, ...plain } = change;
  const isBack = change.turnCount !== undefined && change.turnCount < session.turnCount;
  if (isBack) throw unfit("/turnCount", "Is less than it was.");
  const changed: Session = {
    ...withDefaults<Session>(session, plain),
    ...(variables && mergedVariables(session, variables, now)),
    ...(scenario === null && NO_SCENARIO),
    ...(scenario && enteredScenario(session, scenario)),
  };
  return step ? { ...changed, ...visitedStep(changed, step, now) } : changed;
}

const NO_SCENARIO = {
  activeScenarioId: null,
  activeScenarioVersion: null,
  activeStepId: null,
  scenarioChecksum: null,
} as const satisfies Partial<Session>;

/** @throws `limit_exceeded` */
export function mergedVariables(
  { variables, variableUpdatedAt }: Pick<Session, "variables" | "variableUpdatedAt">,
  set: JsonObject,
  now: Instant,
): Pick<Session, "variables" | "variableUpdatedAt"> {
  const values = new Map<string, JsonValue>(Object.entries(variables));
  const times = new Map<string, Instant>(Object.entries(variableUpdatedAt));
  for (const [name, value] of Object.entries(set)) {
    if (value === null) {
      values.delete(name);
      times.delete(name);
    } else {
      values.set(name, value);
      times.set(name, now);
    }
  }
  const merged = Object.fromEntries(values);
  if (Buffer.byteLength(JSON.stringify(merged)) > VARIABLES_BYTES_MAX) {
    const details = { limit: VARIABLES_BYTES_MAX, unit: "bytes" };
    throw new VaultError("limit_exceeded", "The session's variables take more room than they may.", { details });
  }
  return { variables: merged, variableUpdatedAt: Object.fromEntries(times) };
}

function enteredScenario(session: Session, { scenarioId, version, checksum }: ScenarioInput): Partial<Session> {
  const isSame = session.activeScenarioId === scenarioId && session.activeScenarioVersion === version;
  const kept = isSame ? session : NO_SCENARIO;
  return {
    activeScenarioId: scenarioId,
    activeScenarioVersion: version,
    activeStepId: kept.activeStepId,
    scenarioChecksum: checksum === undefined ? kept.scenarioChecksum : checksum,
  };
}

function visitedStep(session: Session, step: StepInput, now: Instant): Partial<Session> {
  if (session.activeScenarioId === null) throw unfit("/step", "The session is in no scenario.");
  const visit = visitOf(step, session.turnCount, now);
  const last = session.stepHistory.at(-1);
  const isRepeat =
    session.activeStepId === visit.stepId &&
    last?.stepId === visit.stepId &&
    last.turnNumber === visit.turnNumber &&
    last.stepContentHash === visit.stepContentHash;
  const stepHistory = isRepeat ? session.stepHistory : [...session.stepHistory, visit].slice(-STEP_HISTORY_MAX);
  return { activeStepId: visit.stepId, stepHistory };
}

function visitOf(step: StepInput, turn: number, enteredAt: Instant): StepVisit {
  return {
    stepId: step.stepId,
    stepName: step.stepName,
    enteredAt,
    turnNumber: step.turnNumber ?? turn,
    transitionReason: step.transitionReason ?? null,
    confidence: step.confidence ?? 1,
    isCheckpoint: step.isCheckpoint,
    checkpointDescription: step.checkpointDescription ?? null,
    stepContentHash: step.stepContentHash,
  };
}

function unfit(path: string, message: string): VaultError {
  const errors = [{ path, code: "custom", message }];
  return new VaultError("invalid_request", "The change does not fit the session.", { errors });
}
