import type { SessionId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTable, InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import type { Page } from "../storage/page.ts";
import { throwIfAborted, untilAborted } from "../storage/until-aborted.ts";
import {
  expiryOf,
  type Session,
  type SessionPlace,
  type SessionRules,
  type SessionStatus,
  stamped,
} from "./session.ts";
import {
  anchorName,
  isSelectedBy,
  type SessionPosition,
  selectionName,
  sessionPage,
  sessionPosition,
} from "./session-list.ts";
import { isInScope, type SessionScope } from "./session-scope.ts";
import { isStandingAt } from "./session-step.ts";
import type { OpenedSession, SessionListRequest, SessionSelector, SessionStore, StepAnchor } from "./session-store.ts";
import { staleSession } from "./stale-session.ts";

/** The reference model of session stores. */
export class InMemorySessionStore implements SessionStore {
  readonly #session: InMemorySession;
  readonly #rules: SessionRules;

  constructor(session: InMemorySession, rules: SessionRules) {
    this.#session = session;
    this.#rules = rules;
  }

  get(sessionId: SessionId, options?: CallOptions): Promise<Session | undefined> {
    return this.#run(options, (rows) => this.#live(rows.get(sessionId)));
  }

  save(session: Session, options?: CallOptions): Promise<Session> {
    return this.#run(options, (rows) => this.#save(rows, session));
  }

  open(session: Session, options?: CallOptions): Promise<OpenedSession> {
    return this.#run(options, (rows) => {
      const current = this.#current(rows, session);
      return current ? { session: current, isNew: false } : { session: this.#save(rows, session), isNew: true };
    });
  }

  delete(sessionId: SessionId, options?: CallOptions): Promise<boolean> {
    return this.#run(options, (rows) => {
      const existed = this.#live(rows.get(sessionId)) !== undefined;
      rows.delete(sessionId);
      return existed;
    });
  }

  getByChannel(place: SessionPlace, options?: CallOptions): Promise<Session | undefined> {
    return this.#run(options, (rows) => this.#current(rows, place));
  }

  async list(
    selector: SessionSelector,
    request: SessionListRequest & { readonly status?: SessionStatus | undefined },
  ): Promise<Page<Session>> {
    const { status } = request;
    const isSelected = (session: Session) =>
      isSelectedBy(session, selector) && (status === undefined || session.status === status);
    return this.#page(selectionName(selector, status), request, isSelected);
  }

  async findByStepHash(
    anchor: StepAnchor,
    request: SessionListRequest & { readonly scope?: SessionScope | undefined },
  ): Promise<Page<Session>> {
    const { scope = {} } = request;
    const now = this.#rules.clock.now();
    const stands = (session: Session) => isStandingAt(session, anchor) && isInScope(session, scope, now);
    return this.#page(anchorName(anchor, scope), request, stands);
  }

  removeExpired(limit: number, options?: CallOptions): Promise<number> {
    return this.#run(options, (rows) => {
      const expired = rows.filter((session) => !this.#live(session)).sort((a, b) => -latestFirst(a, b));
      for (const { sessionId } of expired.slice(0, limit)) rows.delete(sessionId);
      return Math.min(expired.length, limit);
    });
  }

  ping(options?: CallOptions): Promise<void> {
    return this.#run(options, () => undefined);
  }

  #run<T>(options: CallOptions | undefined, work: (rows: InMemoryTable<Session>) => T): Promise<T> {
    return untilAborted(options?.signal, () =>
      this.#session.run((tables) => {
        throwIfAborted(options?.signal);
        return work(sessionRows(tables));
      }),
    );
  }

  #live(session: Session | undefined): Session | undefined {
    return session && session.lastActivityAt > expiryOf(this.#rules) ? session : undefined;
  }

  #save(rows: InMemoryTable<Session>, session: Session): Session {
    const { sessionId, version } = session;
    if ((this.#live(rows.get(sessionId))?.version ?? 0) !== version) throw staleSession(sessionId);
    const saved = JSON.parse(JSON.stringify(stamped(session, this.#rules.clock.now()))) as Session;
    rows.put(sessionId, saved);
    return saved;
  }

  #current(rows: InMemoryTable<Session>, place: SessionPlace): Session | undefined {
    const { agentId, channel, channelUserId } = place;
    const open = rows.filter(
      (each) =>
        each.agentId === agentId &&
        each.channel === channel &&
        each.channelUserId === channelUserId &&
        each.status !== "closed" &&
        this.#live(each) !== undefined,
    );
    return open.sort((a, b) => descending([a.createdAt, a.sessionId], [b.createdAt, b.sessionId]))[0];
  }

  async #page(
    list: string,
    { limit, cursor, signal }: SessionListRequest,
    isSelected: (session: Session) => boolean,
  ): Promise<Page<Session>> {
    const after = sessionPosition(list, cursor);
    const sessions = await this.#run({ signal }, (rows) =>
      rows.filter((each) => isSelected(each) && this.#live(each) !== undefined && (!after || isAfter(each, after))),
    );
    return sessionPage(list, sessions.sort(latestFirst).slice(0, limit + 1), limit);
  }
}

function sessionRows(tables: InMemoryTables): InMemoryTable<Session> {
  return tables.table<Session>("sessions");
}

function isAfter(session: Session, { lastActivityAt, sessionId }: SessionPosition): boolean {
  return descending([session.lastActivityAt, session.sessionId], [lastActivityAt, sessionId]) > 0;
}

function latestFirst(a: Session, b: Session): number {
  return descending([a.lastActivityAt, a.sessionId], [b.lastActivityAt, b.sessionId]);
}

/** Compares pairs of texts that are ordered as their code units are: instants and ids. */
function descending([a1, a2]: readonly [string, string], [b1, b2]: readonly [string, string]): number {
  if (a1 !== b1) return a1 < b1 ? 1 : -1;
  if (a2 === b2) return 0;
  return a2 < b2 ? 1 : -1;
}
