import { createHash } from "node:crypto";
import type { SessionId, TenantId } from "../identifiers.ts";
import { SESSION_STATUSES, type Session, type SessionPlace, type SessionStatus } from "./session.ts";
import { currentStepOf } from "./session-step.ts";
import type { SessionSelector, StepAnchor } from "./session-store.ts";

/**
 * The keys of one tenant's sessions. The tenant is their hash tag: in a cluster all of them are in one slot, because
 * scripts write a session and its indexes in one step. So one tenant's sessions are on one node, whatever their number.
 *
 * | Key after the base | Type | Holds |
 * |---|---|---|
 * | `hot:<session>` | string | JSON of an active session |
 * | `persist:<session>` | string | JSON of any session; what is hot is here too, and the same |
 * | `catalog` | hash | by session its version, its last activity and the names of its indexes |
 * | `all` | sorted set | sessions by last activity |
 * | `index:agent:…`, `index:customer:…`, `index:channel:…` | sorted set | sessions of one status by last activity |
 * | `index:current:…` | sorted set | sessions of a place that are not closed, by creation |
 * | `index:step:…` | sorted set | active sessions at a step by last activity |
 *
 * Who the user of a channel is does not appear in a key: names and hashes of content are hashed.
 */
export class RedisSessionKeys {
  readonly base: string;
  readonly catalog: string;
  readonly all: string;

  constructor(keyPrefix: string, tenantId: TenantId) {
    this.base = `${keyPrefix}session:{${tenantId}}:`;
    this.catalog = `${this.base}catalog`;
    this.all = `${this.base}all`;
  }

  hot(sessionId: SessionId | string): string {
    return `${this.base}hot:${sessionId}`;
  }

  persist(sessionId: SessionId | string): string {
    return `${this.base}persist:${sessionId}`;
  }

  current(place: SessionPlace): string {
    return `${this.base}index:${currentIndex(place)}`;
  }

  /** One for each status, or the one of a status. */
  selected(selector: SessionSelector, status: SessionStatus | undefined): string[] {
    const index = selectorIndex(selector);
    return (status ? [status] : SESSION_STATUSES).map((each) => `${this.base}index:${index}:${each}`);
  }

  step(anchor: StepAnchor): string {
    return `${this.base}index:${stepIndex(anchor)}`;
  }
}

/** The names of the indexes that a session is in, each without a space. */
export function indexesOf(session: Session): string[] {
  const { agentId, customerId, channel, channelUserId, status } = session;
  const step = currentStepOf(session);
  return [
    `${selectorIndex({ by: "agent", agentId })}:${status}`,
    `${selectorIndex({ by: "channel", channel, channelUserId })}:${status}`,
    ...(customerId === null ? [] : [`${selectorIndex({ by: "customer", customerId })}:${status}`]),
    ...(status === "closed" ? [] : [currentIndex(session)]),
    ...(step ? [stepIndex(step)] : []),
  ];
}

function selectorIndex(selector: SessionSelector): string {
  switch (selector.by) {
    case "agent":
      return `agent:${selector.agentId}`;
    case "customer":
      return `customer:${selector.customerId}`;
    case "channel":
      return `channel:${selector.channel}:${digest(selector.channelUserId)}`;
  }
}

function currentIndex({ agentId, channel, channelUserId }: SessionPlace): string {
  return `current:${agentId}:${channel}:${digest(channelUserId)}`;
}

function stepIndex({ scenarioId, scenarioVersion, stepContentHash }: StepAnchor): string {
  return `step:${scenarioId}:${scenarioVersion}:${digest(stepContentHash)}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
