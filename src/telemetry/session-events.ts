import type { AgentId, CustomerId, ScenarioId, SessionId, TenantId } from "../identifiers.ts";
import type { Logger } from "./logger.ts";

interface SessionEvent {
  readonly tenantId: TenantId;
  readonly sessionId: SessionId;
}

/** What happens to sessions: ids and counts, never a variable or who the user of a channel is. */
export interface SessionEvents {
  /** From one of the two tiers of a store that has them. */
  sessionRetrieved(event: SessionEvent & { readonly tier: "hot" | "persistent" }): void;
  sessionNotFound(event: SessionEvent): void;
  sessionNotFoundByChannel(event: {
    readonly tenantId: TenantId;
    readonly agentId: AgentId;
    readonly channel: string;
  }): void;
  sessionSaved(
    event: SessionEvent & {
      readonly agentId: AgentId;
      readonly customerId: CustomerId | null;
      readonly status: string;
      readonly version: number;
    },
  ): void;
  sessionDeleted(event: SessionEvent): void;
  sessionsListed(event: {
    readonly tenantId: TenantId;
    readonly by: "agent" | "customer" | "channel";
    readonly count: number;
  }): void;
  sessionsFoundByStepHash(event: {
    readonly tenantId: TenantId;
    readonly scenarioId: ScenarioId;
    readonly scenarioVersion: number;
    readonly count: number;
  }): void;
  sessionPromoted(event: SessionEvent): void;
  sessionDemoted(event: SessionEvent): void;
  /** A call to the server of the sessions failed; `code` is a registered one. */
  sessionTierFailed(event: { readonly tenantId: TenantId; readonly operation: string; readonly code: string }): void;
  sessionTierChecked(event: { readonly healthy: boolean }): void;
}

export const NO_SESSION_EVENTS: SessionEvents = {
  sessionRetrieved: () => undefined,
  sessionNotFound: () => undefined,
  sessionNotFoundByChannel: () => undefined,
  sessionSaved: () => undefined,
  sessionDeleted: () => undefined,
  sessionsListed: () => undefined,
  sessionsFoundByStepHash: () => undefined,
  sessionPromoted: () => undefined,
  sessionDemoted: () => undefined,
  sessionTierFailed: () => undefined,
  sessionTierChecked: () => undefined,
};

export function createSessionEvents(logger: Logger): SessionEvents {
  return {
    sessionRetrieved: ({ tier, ...event }) => logger.debug(event, `session_retrieved_${tier}`),
    sessionNotFound: (event) => logger.debug(event, "session_not_found"),
    sessionNotFoundByChannel: (event) => logger.debug(event, "session_not_found_by_channel"),
    sessionSaved: (event) => logger.info(event, "session_saved"),
    sessionDeleted: (event) => logger.info(event, "session_deleted"),
    sessionsListed: ({ by, ...event }) => logger.debug(event, `sessions_listed_by_${by}`),
    sessionsFoundByStepHash: (event) => logger.info(event, "sessions_found_by_step_hash"),
    sessionPromoted: (event) => logger.debug(event, "session_promoted_to_hot"),
    sessionDemoted: (event) => logger.debug(event, "session_demoted_to_persistent"),
    sessionTierFailed: ({ operation, ...event }) => logger.error(event, `redis_${operation}_error`),
    sessionTierChecked({ healthy }) {
      logger.debug({}, healthy ? "redis_health_check_passed" : "redis_health_check_failed");
    },
  };
}
