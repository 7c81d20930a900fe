import { createHash } from "node:crypto";
import { type Instant, parseInstant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import { isUuid } from "../identifiers.ts";
import { decodeCursor, encodeCursor, type Page, pageOf } from "../storage/page.ts";
import type { Session, SessionStatus } from "./session.ts";
import type { SessionScope } from "./session-scope.ts";
import type { SessionSelector, StepAnchor } from "./session-store.ts";

/** Where a page ended. */
export interface SessionPosition {
  readonly lastActivityAt: Instant;
  readonly sessionId: string;
}

/** Names a list for its cursors: another filter makes another list. Hashed, since filters are personal. */
export function selectionName(selector: SessionSelector, status: SessionStatus | undefined): string {
  switch (selector.by) {
    case "agent":
      return listName([selector.agentId, status]);
    case "customer":
      return listName(["", selector.customerId, status]);
    case "channel":
      return listName([selector.channel, selector.channelUserId, status]);
  }
}

export function isSelectedBy(session: Session, selector: SessionSelector): boolean {
  switch (selector.by) {
    case "agent":
      return session.agentId === selector.agentId;
    case "customer":
      return session.customerId === selector.customerId;
    case "channel":
      return session.channel === selector.channel && session.channelUserId === selector.channelUserId;
  }
}

export function anchorName(anchor: StepAnchor, scope: SessionScope | undefined): string {
  const { scenarioId, scenarioVersion, stepContentHash } = anchor;
  const { includeChannels, excludeChannels, includeCurrentNodes, excludeCurrentNodes, minAgeDays, maxAgeDays } =
    scope ?? {};
  const channels = [includeChannels, excludeChannels];
  const nodes = [includeCurrentNodes, excludeCurrentNodes];
  return listName([scenarioId, scenarioVersion, stepContentHash, channels, nodes, minAgeDays, maxAgeDays]);
}

function listName(key: readonly unknown[]): string {
  return `sessions:${createHash("sha256").update(JSON.stringify(key)).digest("base64url").slice(0, 12)}`;
}

/** `undefined` for a first page. Throws `invalid_cursor`. */
export function sessionPosition(list: string, cursor: string | undefined): SessionPosition | undefined {
  if (cursor === undefined) return undefined;
  const [lastActivityAt = "", sessionId = ""] = decodeCursor(list, cursor, 2);
  const at = parseInstant(lastActivityAt);
  if (at === lastActivityAt && isUuid(sessionId)) return { lastActivityAt: at, sessionId };
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}

/** Cuts up to `limit + 1` sessions, in their order, into a page. */
export function sessionPage(list: string, sessions: readonly Session[], limit: number): Page<Session> {
  return pageOf(sessions, limit, ({ lastActivityAt, sessionId }) => encodeCursor(list, [lastActivityAt, sessionId]));
}
