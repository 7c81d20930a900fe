import type { Instant } from "../clock.ts";
import { type AgentId, type ScenarioId, type SessionId, type StepId, UuidV7Generator } from "../identifiers.ts";
import type { Session, StepVisit } from "../sessions/session.ts";
import type { StepAnchor } from "../sessions/session-store.ts";

const ids = new UuidV7Generator();
const NOW = "2026-03-03T09:30:00.000Z" as Instant;

/** A new session of an agent, a user and an id that no other has, but for what `over` says. */
export function freshSession(over: Partial<Session> = {}): Session {
  const createdAt = over.createdAt ?? NOW;
  return {
    sessionId: ids.uuid<SessionId>(),
    agentId: ids.uuid<AgentId>(),
    channel: "webchat",
    channelUserId: `user ${ids.uuid()}`,
    customerId: null,
    configVersion: null,
    activeScenarioId: null,
    activeStepId: null,
    activeScenarioVersion: null,
    stepHistory: [],
    relocalizationCount: 0,
    ruleFires: {},
    ruleLastFireTurn: {},
    variables: {},
    variableUpdatedAt: {},
    turnCount: 0,
    status: "active",
    pendingMigration: null,
    scenarioChecksum: null,
    profileSnapshotVersion: null,
    createdAt,
    lastActivityAt: createdAt,
    version: 0,
    ...over,
  };
}

export function freshVisit(over: Partial<StepVisit> = {}): StepVisit {
  return {
    stepId: ids.uuid<StepId>(),
    stepName: "Ask for the address",
    enteredAt: NOW,
    turnNumber: 1,
    transitionReason: null,
    confidence: 1,
    isCheckpoint: false,
    checkpointDescription: null,
    stepContentHash: "0123456789abcdef",
    ...over,
  };
}

/** A session without a member left at its default. */
export function fullSession(over: Partial<Session> = {}): Session {
  const visits = [freshVisit(), freshVisit({ isCheckpoint: true, checkpointDescription: "Paid", confidence: 0.25 })];
  return freshSession({
    ...standingAt(freshAnchor(), visits),
    customerId: ids.uuid(),
    configVersion: 7,
    relocalizationCount: 2,
    ruleFires: { "rule-1": 3 },
    ruleLastFireTurn: { "rule-1": 2 },
    variables: { city: "Vigo ☔ 'quoted\" \\ \u2028", tags: ["a", { deep: [null, 1.5e-7, true] }], empty: {}, zero: 0 },
    variableUpdatedAt: { city: "2026-03-03T09:29:59.999Z" as Instant },
    turnCount: 4,
    status: "processing",
    pendingMigration: {
      targetVersion: 3,
      anchorContentHash: "fedcba9876543210",
      migrationPlanId: ids.uuid(),
      markedAt: NOW,
    },
    scenarioChecksum: "sum",
    profileSnapshotVersion: 12,
    ...over,
  });
}

export function freshAnchor(): StepAnchor {
  return { scenarioId: ids.uuid<ScenarioId>(), scenarioVersion: 2, stepContentHash: "0123456789abcdef" };
}

/** The members of a session that stands at a step, after some visits or after one. */
export function standingAt(
  anchor: StepAnchor,
  visits: readonly StepVisit[] = [freshVisit({ stepContentHash: anchor.stepContentHash })],
): Partial<Session> {
  return {
    activeScenarioId: anchor.scenarioId,
    activeScenarioVersion: anchor.scenarioVersion,
    activeStepId: visits.at(-1)?.stepId ?? null,
    stepHistory: visits,
  };
}
