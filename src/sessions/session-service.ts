import type { Clock } from "../clock.ts";
import { isVaultError, VaultError } from "../errors.ts";
import type { CustomerId, IdGenerator, SessionId, TenantId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { Channel } from "../profiles/customer.ts";
import type { Page } from "../storage/page.ts";
import type { SessionEvents } from "../telemetry/session-events.ts";
import { type Session, type SessionPlace, type SessionStatus } from "./session.ts";
import { mergedVariables, planSessionChange, type SessionChange } from "./session-change.ts";
import type { SessionScope } from "./session-scope.ts";
import type { OpenedSession, SessionListRequest, SessionSelector, SessionStore, StepAnchor } from "./session-store.ts";

/** Expired sessions that each new one removes at most, so that they are few without any pass. */
const EXPIRED_PER_OPENING = 10;
/** Writers of one session that may come between before a change without an expected version gives up. */
const ATTEMPTS_MAX = 30;

/** What sessions need to know of customers. */
export interface SessionCustomers {
  /** The customer itself, or the one it was merged into; `null` when there is none. */
  find(customerId: CustomerId): Promise<CustomerId | null>;
  /** The customer with this identity, made when there is none. */
  findOrCreate(channel: Channel, channelUserId: string): Promise<CustomerId>;
}

export interface SessionServiceOptions {
  readonly tenantId: TenantId;
  readonly store: SessionStore;
  readonly customers: SessionCustomers;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly events: SessionEvents;
}

export interface SessionInput extends SessionPlace {
  /** Whom the agent talks with; the customer with the channel identity when left out. */
  readonly customerId?: CustomerId | undefined;
  readonly configVersion?: number | undefined;
  readonly variables?: JsonObject | undefined;
}

/**
 * Use cases on sessions. A store may keep sessions outside the database, where no transaction spans them: a repeat of
 * a request whose answer was lost is safe all the same, because opening finds the session that is there, and
 * variables, scenarios and visits that are there already are not added again.
 */
export class SessionService {
  readonly #options: SessionServiceOptions;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
  }

  /**
   * The current session of the place, or a new one. A new session belongs to the given customer, or to the one with
   * the channel identity, who is made when there is none; a current one stays as it is, but for its customer: the
   * survivor takes the place of one who was merged, and the owner of the identity that of one who is gone.
   *
   * Rejects with `customer_not_found` for a given customer who does not exist, with `limit_exceeded`, and with
   * `write_conflict` when too many writers came between.
   */
  async open(input: SessionInput): Promise<OpenedSession> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const current = await this.#options.store.getByChannel(input);
      if (!current) return this.#openNew(input);
      const session = await this.#relinked(current);
      if (session) return { session, isNew: false };
    }
    throw overtaken();
  }

  async #openNew(input: SessionInput): Promise<OpenedSession> {
    const { store, events, tenantId } = this.#options;
    events.sessionNotFoundByChannel({ tenantId, agentId: input.agentId, channel: input.channel });
    const opened = await store.open(await this.#newSession(input));
    if (opened.isNew) {
      this.#tellSaved(opened.session);
      await store.removeExpired(EXPIRED_PER_OPENING);
    }
    return opened;
  }

  async #newSession(input: SessionInput): Promise<Session> {
    const { clock, ids, customers } = this.#options;
    const { agentId, channel, channelUserId, configVersion = null } = input;
    const createdAt = clock.now();
    const variables = mergedVariables({ variables: {}, variableUpdatedAt: {} }, input.variables ?? {}, createdAt);
    const customerId = input.customerId
      ? await this.#requireCustomer(input.customerId)
      : await customers.findOrCreate(channel, channelUserId);
    return {
      ...EMPTY_SESSION,
      ...variables,
      sessionId: ids.uuid<SessionId>(),
      agentId,
      channel,
      channelUserId,
      customerId,
      configVersion,
      createdAt,
      lastActivityAt: createdAt,
    };
  }

  async #requireCustomer(customerId: CustomerId): Promise<CustomerId> {
    const found = await this.#options.customers.find(customerId);
    if (found === null) throw new VaultError("customer_not_found", "No such customer.");
    return found;
  }

  /** `undefined` when another writer changed or removed the session, or the customer, meanwhile. */
  async #relinked(session: Session): Promise<Session | undefined> {
    const { customers } = this.#options;
    const found = session.customerId === null ? null : await customers.find(session.customerId);
    const customerId = found ?? (await customers.findOrCreate(session.channel, session.channelUserId));
    if (customerId === session.customerId) return session;
    try {
      return await this.update(session.sessionId, { customerId, expectedVersion: [session.version] });
    } catch (error) {
      if (OVERTAKEN.some((code) => isVaultError(error, code))) return undefined;
      throw error;
    }
  }

  /** Rejects with `session_not_found`. */
  async get(sessionId: SessionId): Promise<Session> {
    const { store, events, tenantId } = this.#options;
    const session = await store.get(sessionId);
    if (session) return session;
    events.sessionNotFound({ tenantId, sessionId });
    throw sessionNotFound();
  }

  /**
   * Changes a session; without expected versions the change is made to the one there is, whoever else writes.
   *
   * Rejects with `session_not_found`, `customer_not_found`, `version_mismatch` for another version than those
   * expected, `invalid_request` and `limit_exceeded` for a change that does not fit, and `write_conflict` when too
   * many writers came between.
   */
  async update(
    sessionId: SessionId,
    { expectedVersion, ...change }: SessionChange & { readonly expectedVersion?: readonly number[] | undefined },
  ): Promise<Session> {
    const { clock } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const session = await this.get(sessionId);
      if (expectedVersion && !expectedVersion.includes(session.version)) throw otherVersion(session);
      if (attempt === 1 && change.customerId) await this.#requireCustomer(change.customerId);
      try {
        return await this.save(planSessionChange(session, change, clock.now()));
      } catch (error) {
        if (expectedVersion || !isVaultError(error, "version_mismatch")) throw error;
      }
    }
    throw overtaken();
  }

  /** Keeps a session as the caller changed it. Rejects with `version_mismatch` when another writer came between. */
  async save(session: Session): Promise<Session> {
    const saved = await this.#options.store.save(session);
    this.#tellSaved(saved);
    return saved;
  }

  /** Rejects with `session_not_found`. */
  async delete(sessionId: SessionId): Promise<void> {
    const { store, events, tenantId } = this.#options;
    if (!(await store.delete(sessionId))) throw sessionNotFound();
    events.sessionDeleted({ tenantId, sessionId });
  }

  /** Latest activity first. Rejects with `invalid_cursor`. */
  async list(
    selector: SessionSelector,
    request: SessionListRequest & { readonly status?: SessionStatus | undefined },
  ): Promise<Page<Session>> {
    const { store, events, tenantId } = this.#options;
    const page = await store.list(selector, request);
    events.sessionsListed({ tenantId, by: selector.by, count: page.items.length });
    return page;
  }

  /** The active sessions that stand at a step, latest activity first. Rejects with `invalid_cursor`. */
  async findByStepHash(
    anchor: StepAnchor,
    request: SessionListRequest & { readonly scope?: SessionScope | undefined },
  ): Promise<Page<Session>> {
    const { store, events, tenantId } = this.#options;
    const { scenarioId, scenarioVersion } = anchor;
    const page = await store.findByStepHash(anchor, request);
    events.sessionsFoundByStepHash({ tenantId, scenarioId, scenarioVersion, count: page.items.length });
    return page;
  }

  /** Removes sessions that have expired, at most `limit`, and returns how many. */
  removeExpired(limit: number): Promise<number> {
    return this.#options.store.removeExpired(limit);
  }

  #tellSaved({ sessionId, agentId, customerId, status, version }: Session): void {
    const { events, tenantId } = this.#options;
    events.sessionSaved({ tenantId, sessionId, agentId, customerId, status, version });
  }
}

const EMPTY_SESSION = {
  activeScenarioId: null,
  activeStepId: null,
  activeScenarioVersion: null,
  stepHistory: [],
  relocalizationCount: 0,
  ruleFires: {},
  ruleLastFireTurn: {},
  turnCount: 0,
  status: "active",
  pendingMigration: null,
  scenarioChecksum: null,
  profileSnapshotVersion: null,
  version: 0,
} as const satisfies Partial<Session>;

/** What becomes of a write when another writer was faster. */
const OVERTAKEN = ["version_mismatch", "session_not_found", "customer_not_found"] as const;

function overtaken(): VaultError {
  return new VaultError("write_conflict", "Other writers changed the session while this write was prepared.");
}

function sessionNotFound(): VaultError {
  return new VaultError("session_not_found", "No such session.");
}

function otherVersion({ version }: Session): VaultError {
  const details = { currentVersion: version };
  return new VaultError("version_mismatch", `The session is at version ${version}.`, { details });
}
