import type { SessionId, TenantId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { Page } from "../storage/page.ts";
import type { SqlSession } from "../storage/postgres/sql-database.ts";
import {
  type BodyRow,
  DELETE_SESSION,
  FIND_BY_STEP,
  GET_CURRENT_SESSION,
  GET_SESSION,
  INSERT_SESSION,
  LIST_SESSIONS,
  LOCK_PLACE,
  PING,
  REMOVE_EXPIRED,
  UPDATE_SESSION,
} from "./postgres-session-statements.ts";
import {
  expiryOf,
  type Session,
  type SessionPlace,
  type SessionRules,
  type SessionStatus,
  stamped,
} from "./session.ts";
import { anchorName, selectionName, sessionPage, sessionPosition } from "./session-list.ts";
import { createdWithin, type SessionScope } from "./session-scope.ts";
import { currentStepOf } from "./session-step.ts";
import type { OpenedSession, SessionListRequest, SessionSelector, SessionStore, StepAnchor } from "./session-store.ts";
import { staleSession } from "./stale-session.ts";

/** Before any position of a list. */
const LIST_START = ["infinity", "ffffffff-ffff-ffff-ffff-ffffffffffff"] as const;

export class PostgresSessionStore implements SessionStore {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId;
  readonly #rules: SessionRules;

  constructor(session: SqlSession, tenantId: TenantId, rules: SessionRules) {
    this.#session = session;
    this.#tenantId = tenantId;
    this.#rules = rules;
  }

  async get(sessionId: SessionId, options?: CallOptions): Promise<Session | undefined> {
    const values = [this.#tenantId, sessionId, expiryOf(this.#rules)];
    return firstOf(await this.#session.query<BodyRow>(GET_SESSION, values, options));
  }

  async save(session: Session, options?: CallOptions): Promise<Session> {
    const saved = stamped(session, this.#rules.clock.now());
    const body = JSON.stringify(saved);
    const statement = session.version === 0 ? INSERT_SESSION : UPDATE_SESSION;
    const values = [this.#tenantId, ...columnsOf(saved), body, expiryOf(this.#rules)];
    const rows = await this.#session.query(statement, values, options);
    if (rows.length === 0) throw staleSession(session.sessionId);
    return JSON.parse(body) as Session;
  }

  /** Openings at one place queue at its lock, so that each sees what the one before it saved. */
  async open(session: Session, options?: CallOptions): Promise<OpenedSession> {
    const current = await this.getByChannel(session, options);
    if (current) return { session: current, isNew: false };
    return this.#session.transaction(async (transaction) => {
      await transaction.query(LOCK_PLACE, [this.#tenantId, ...placeOf(session)], options);
      const store = new PostgresSessionStore(transaction, this.#tenantId, this.#rules);
      const winner = await store.getByChannel(session, options);
      if (winner) return { session: winner, isNew: false };
      return { session: await store.save(session, options), isNew: true };
    }, options);
  }

  async delete(sessionId: SessionId, options?: CallOptions): Promise<boolean> {
    const values = [this.#tenantId, sessionId, expiryOf(this.#rules)];
    const [row] = await this.#session.query<{ readonly existed: boolean }>(DELETE_SESSION, values, options);
    return row?.existed ?? false;
  }

  async getByChannel(place: SessionPlace, options?: CallOptions): Promise<Session | undefined> {
    const values = [this.#tenantId, ...placeOf(place), expiryOf(this.#rules)];
    return firstOf(await this.#session.query<BodyRow>(GET_CURRENT_SESSION, values, options));
  }

  async list(
    selector: SessionSelector,
    request: SessionListRequest & { readonly status?: SessionStatus | undefined },
  ): Promise<Page<Session>> {
    const { status, limit } = request;
    const name = selectionName(selector, status);
    const values = [...this.#pageValues(name, request), status ?? null, ...valuesOf(selector)];
    const rows = await this.#session.query<BodyRow>(LIST_SESSIONS[selector.by], values, request);
    return sessionPage(name, rows.map(sessionOf), limit);
  }

  async findByStepHash(
    anchor: StepAnchor,
    request: SessionListRequest & { readonly scope?: SessionScope | undefined },
  ): Promise<Page<Session>> {
    const { scope = {}, limit } = request;
    const name = anchorName(anchor, scope);
    const { scenarioId, scenarioVersion, stepContentHash } = anchor;
    const values = [
      ...this.#pageValues(name, request),
      scenarioId,
      scenarioVersion,
      stepContentHash,
      ...this.#scopeValues(scope),
    ];
    const rows = await this.#session.query<BodyRow>(FIND_BY_STEP, values, request);
    return sessionPage(name, rows.map(sessionOf), limit);
  }

  async removeExpired(limit: number, options?: CallOptions): Promise<number> {
    const values = [this.#tenantId, expiryOf(this.#rules), limit];
    const [row] = await this.#session.query<{ readonly removed: number }>(REMOVE_EXPIRED, values, options);
    return row?.removed ?? 0;
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.#session.query(PING, [], options);
  }

  /** The tenant, the expiry, the position and the limit. */
  #pageValues(name: string, { cursor, limit }: SessionListRequest): unknown[] {
    const after = sessionPosition(name, cursor);
    const position = after ? [after.lastActivityAt, after.sessionId] : LIST_START;
    return [this.#tenantId, expiryOf(this.#rules), ...position, limit + 1];
  }

  #scopeValues(scope: SessionScope): unknown[] {
    const { after, until } = createdWithin(scope, this.#rules.clock.now());
    return [
      someOf(scope.includeChannels),
      someOf(scope.excludeChannels),
      someOf(scope.includeCurrentNodes),
      someOf(scope.excludeCurrentNodes),
      after ?? null,
      until ?? null,
    ];
  }
}

function sessionOf({ body }: BodyRow): Session {
  return JSON.parse(body) as Session;
}

function firstOf([row]: readonly BodyRow[]): Session | undefined {
  return row && sessionOf(row);
}

/** From the id to the last activity. */
function columnsOf(session: Session): unknown[] {
  const { sessionId, customerId, status, version, createdAt, lastActivityAt } = session;
  const step = currentStepOf(session);
  return [
    sessionId,
    ...placeOf(session),
    customerId,
    status,
    step?.scenarioId ?? null,
    step?.scenarioVersion ?? null,
    step?.stepContentHash ?? null,
    step ? (session.stepHistory.at(-1)?.stepName ?? null) : null,
    version,
    createdAt,
    lastActivityAt,
  ];
}

function placeOf({ agentId, channel, channelUserId }: SessionPlace): readonly [string, string, string] {
  return [agentId, channel, channelUserId];
}

function valuesOf(selector: SessionSelector): readonly string[] {
  switch (selector.by) {
    case "agent":
      return [selector.agentId];
    case "customer":
      return [selector.customerId];
    case "channel":
      return [selector.channel, selector.channelUserId];
  }
}

function someOf(names: readonly string[] | undefined): readonly string[] | null {
  return names && names.length > 0 ? names : null;
}
