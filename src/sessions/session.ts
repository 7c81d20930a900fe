import { addMs, type Clock, type Instant } from "../clock.ts";
import type { AgentId, CustomerId, MigrationPlanId, ScenarioId, SessionId, StepId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { Channel } from "../profiles/customer.ts";

export const SESSION_STATUSES = ["active", "idle", "processing", "interrupted", "closed"] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** Visits a session remembers; older ones are forgotten. */
export const STEP_HISTORY_MAX = 100;
/** Room for the variables of a session, by the length of their JSON in UTF-8. */
export const VARIABLES_BYTES_MAX = 64 * 1024;
export const VARIABLE_NAME_LENGTH_MAX = 100;
export const STEP_TEXT_LENGTH_MAX = 500;
export const CONTENT_HASH_LENGTH_MAX = 128;

/** One arrival at a step of a scenario, with everything a later version of the scenario is compared with. */
export interface StepVisit {
  readonly stepId: StepId;
  readonly stepName: string;
  readonly enteredAt: Instant;
  /** The turn of the session in which it happened. */
  readonly turnNumber: number;
  readonly transitionReason: string | null;
  /** 0 to 1. */
  readonly confidence: number;
  readonly isCheckpoint: boolean;
  readonly checkpointDescription: string | null;
  /** What the step said then: steps of two versions with equal hashes are the same step. */
  readonly stepContentHash: string;
}

/** The session has to be brought to another version of its scenario before its next turn. */
export interface PendingMigration {
  readonly targetVersion: number;
  readonly anchorContentHash: string;
  readonly migrationPlanId: MigrationPlanId;
  readonly markedAt: Instant;
}

/** Where a conversation happens: an agent talks with one user of one channel. */
export interface SessionPlace {
  readonly agentId: AgentId;
  readonly channel: Channel;
  readonly channelUserId: string;
}

/** What is going on in one conversation: short-lived working memory, kept in clear and never logged. */
export interface Session extends SessionPlace {
  readonly sessionId: SessionId;
  /** `null` until it is known whom the agent talks with. */
  readonly customerId: CustomerId | null;
  /** Of the agent's configuration. */
  readonly configVersion: number | null;
  readonly activeScenarioId: ScenarioId | null;
  readonly activeStepId: StepId | null;
  readonly activeScenarioVersion: number | null;
  /** Oldest first, the last `STEP_HISTORY_MAX` visits. */
  readonly stepHistory: readonly StepVisit[];
  readonly relocalizationCount: number;
  /** How often each rule fired, by its id. */
  readonly ruleFires: Readonly<Record<string, number>>;
  readonly ruleLastFireTurn: Readonly<Record<string, number>>;
  readonly variables: JsonObject;
  /** When each variable was set, by its name. */
  readonly variableUpdatedAt: Readonly<Record<string, Instant>>;
  readonly turnCount: number;
  readonly status: SessionStatus;
  readonly pendingMigration: PendingMigration | null;
  readonly scenarioChecksum: string | null;
  /** The version of the customer that the session has seen. */
  readonly profileSnapshotVersion: number | null;
  readonly createdAt: Instant;
  readonly lastActivityAt: Instant;
  /** 0 before the first save, 1 more with every save; the ETag. */
  readonly version: number;
}

/** The time that sessions go by. */
export interface SessionRules {
  readonly clock: Clock;
  /** A session without activity for this long does not exist any more. */
  readonly maxAgeMs: number;
}

/** Sessions whose last activity is not after this moment do not exist any more. */
export function expiryOf({ clock, maxAgeMs }: SessionRules): Instant {
  return addMs(clock.now(), -maxAgeMs);
}

/** The session as a save keeps it. */
export function stamped(session: Session, at: Instant): Session {
  const { stepHistory, version } = session;
  return {
    ...session,
    stepHistory: stepHistory.length > STEP_HISTORY_MAX ? stepHistory.slice(-STEP_HISTORY_MAX) : stepHistory,
    lastActivityAt: at,
    version: version + 1,
  };
}
