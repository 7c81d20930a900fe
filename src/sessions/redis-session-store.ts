import type { SessionId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { Page } from "../storage/page.ts";
import type { RedisArgument } from "../storage/redis/redis-connection.ts";
import { RedisSessionCommands, type RedisSessionStoreOptions } from "./redis-session-commands.ts";
import { indexesOf } from "./redis-session-keys.ts";
import { pageOfSessions, parsedSession } from "./redis-session-pages.ts";
import {
  DELETE_SESSION,
  DEMOTE_SESSION,
  GET_CURRENT,
  OPEN_SESSION,
  PROMOTE_SESSION,
  REMOVE_EXPIRED,
  SAVE_SESSION,
} from "./redis-session-scripts.ts";
import { type Session, type SessionPlace, type SessionStatus, stamped } from "./session.ts";
import { anchorName, isSelectedBy, selectionName } from "./session-list.ts";
import { isInScope, type SessionScope } from "./session-scope.ts";
import { isStandingAt } from "./session-step.ts";
import type { OpenedSession, SessionListRequest, SessionSelector, SessionStore, StepAnchor } from "./session-store.ts";
import { staleSession } from "./stale-session.ts";

type Tier = "hot" | "persistent";

/** One step of a clean-up, so that no other command waits long for it. */
const REMOVED_PER_STEP = 100;

/**
 * Sessions in Redis, in two tiers that are written together: what is hot is in the persistent tier too, and equal, so
 * that nothing is lost when the hot copy lapses, and no older copy can come back. This is where sessions are, not a
 * cache of them: an outage is an error, never an empty answer. What a save did that timed out is unknown.
 */
export class RedisSessionStore implements SessionStore {
  readonly #options: RedisSessionStoreOptions;
  readonly #commands: RedisSessionCommands;

  constructor(options: RedisSessionStoreOptions) {
    this.#options = options;
    this.#commands = new RedisSessionCommands(options);
  }

  /** A session that is not hot becomes so. */
  get(sessionId: SessionId, options?: CallOptions): Promise<Session | undefined> {
    return this.#commands.observed("get", async () => {
      const hot = await this.#commands.send<string | null>("get", [this.#commands.keys.hot(sessionId)], options);
      if (hot !== null) return this.#unlessExpired(parsedSession(hot));
      const body = await this.#promote(sessionId, options);
      return body === null ? undefined : this.#retrieved(parsedSession(body), "persistent");
    });
  }

  save(session: Session, options?: CallOptions): Promise<Session> {
    return this.#commands.observed("save", async () => {
      const { keys, values, body } = this.#saving(session);
      const saved = await this.#commands.run<number>(SAVE_SESSION, { keys, values }, options);
      if (saved === 0) throw staleSession(session.sessionId);
      return parsedSession(body);
    });
  }

  open(session: Session, options?: CallOptions): Promise<OpenedSession> {
    return this.#commands.observed("save", async () => {
      const { keys, values, body } = this.#saving(session);
      const call = { keys: [...keys, this.#commands.keys.current(session)], values };
      const outcome = await this.#commands.run<number | readonly [string, Tier]>(OPEN_SESSION, call, options);
      if (outcome === 0) throw staleSession(session.sessionId);
      if (typeof outcome === "number") return { session: parsedSession(body), isNew: true };
      return { session: this.#retrieved(parsedSession(outcome[0]), outcome[1]), isNew: false };
    });
  }

  delete(sessionId: SessionId, options?: CallOptions): Promise<boolean> {
    return this.#commands.observed("delete", async () => {
      const call = { keys: this.#registers(), values: [sessionId] };
      return (await this.#commands.run<number>(DELETE_SESSION, call, options)) === 1;
    });
  }

  getByChannel(place: SessionPlace, options?: CallOptions): Promise<Session | undefined> {
    return this.#commands.observed("get_by_channel", async () => {
      const { catalog } = this.#commands.keys;
      const call = { keys: [catalog, this.#commands.keys.current(place)], values: [this.#options.lives.hotMs] };
      const found = await this.#commands.run<readonly [string, Tier] | null>(GET_CURRENT, call, options);
      return found === null ? undefined : this.#retrieved(parsedSession(found[0]), found[1]);
    });
  }

  list(
    selector: SessionSelector,
    request: SessionListRequest & { readonly status?: SessionStatus | undefined },
  ): Promise<Page<Session>> {
    const { status } = request;
    // Who moved it since the index was read may have given it to another customer.
    const isSelected = (session: Session) =>
      isSelectedBy(session, selector) && (status === undefined || session.status === status);
    return this.#commands.observed(`list_by_${selector.by}`, async () => {
      const list = { name: selectionName(selector, status), keys: this.#commands.keys.selected(selector, status) };
      return pageOfSessions(this.#commands, list, { ...request, isSelected });
    });
  }

  findByStepHash(
    anchor: StepAnchor,
    request: SessionListRequest & { readonly scope?: SessionScope | undefined },
  ): Promise<Page<Session>> {
    const { scope = {} } = request;
    const now = this.#options.rules.clock.now();
    const isSelected = (session: Session) => isStandingAt(session, anchor) && isInScope(session, scope, now);
    return this.#commands.observed("find_by_step_hash", async () => {
      const list = { name: anchorName(anchor, scope), keys: [this.#commands.keys.step(anchor)] };
      return pageOfSessions(this.#commands, list, { ...request, isSelected });
    });
  }

  removeExpired(limit: number, options?: CallOptions): Promise<number> {
    return this.#commands.observed("delete", async () => {
      let removed = 0;
      for (let step = REMOVED_PER_STEP; step === REMOVED_PER_STEP && removed < limit; removed += step) {
        const call = { keys: this.#registers(), values: [Math.min(REMOVED_PER_STEP, limit - removed)] };
        step = await this.#commands.run<number>(REMOVE_EXPIRED, call, options);
      }
      return removed;
    });
  }

  async ping(options?: CallOptions): Promise<void> {
    const { events } = this.#options;
    try {
      await this.#commands.send("ping", [], options);
    } catch (error) {
      events.sessionTierChecked({ healthy: false });
      throw error;
    }
    events.sessionTierChecked({ healthy: true });
  }

  /** Makes a session hot. False for one that does not exist. */
  promoteToHot(sessionId: SessionId, options?: CallOptions): Promise<boolean> {
    return this.#commands.observed("promote", async () => (await this.#promote(sessionId, options)) !== null);
  }

  /** Keeps a session in the persistent tier alone. False for one that is not hot. */
  demoteToPersistent(sessionId: SessionId, options?: CallOptions): Promise<boolean> {
    return this.#commands.observed("demote", async () => {
      const call = { keys: [this.#commands.keys.catalog], values: [sessionId] };
      const wasHot = (await this.#commands.run<number>(DEMOTE_SESSION, call, options)) === 1;
      const { events, tenantId } = this.#options;
      if (wasHot) events.sessionDemoted({ tenantId, sessionId });
      return wasHot;
    });
  }

  async #promote(sessionId: SessionId, options: CallOptions | undefined): Promise<string | null> {
    const { events, tenantId, lives } = this.#options;
    const call = { keys: [this.#commands.keys.catalog], values: [lives.hotMs, sessionId] };
    const body = await this.#commands.run<string | null>(PROMOTE_SESSION, call, options);
    if (body !== null) events.sessionPromoted({ tenantId, sessionId });
    return body;
  }

  #saving(session: Session): { keys: string[]; values: RedisArgument[]; body: string } {
    const { lives, rules } = this.#options;
    const saved = stamped(session, rules.clock.now());
    const body = JSON.stringify(saved);
    const moments = [Date.parse(saved.lastActivityAt), Date.parse(saved.createdAt)];
    const key = [session.sessionId, session.version];
    const values = [lives.hotMs, lives.persistMs, ...key, body, ...moments, indexesOf(saved).join(" ")];
    return { keys: this.#registers(), values, body };
  }

  #registers(): string[] {
    return [this.#commands.keys.catalog, this.#commands.keys.all];
  }

  #unlessExpired(session: Session): Session | undefined {
    if (Date.parse(session.lastActivityAt) <= this.#commands.expiryMs()) return undefined;
    return this.#retrieved(session, "hot");
  }

  #retrieved(session: Session, tier: Tier): Session {
    const { events, tenantId } = this.#options;
    events.sessionRetrieved({ tenantId, sessionId: session.sessionId, tier });
    return session;
  }
}
