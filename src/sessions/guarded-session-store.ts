import type { SessionId, TenantId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { Page } from "../storage/page.ts";
import type { GuardedOperation, TierGuard } from "../storage/resilience/tier-guard.ts";
import type { Session, SessionPlace } from "./session.ts";
import type { OpenedSession, SessionStore } from "./session-store.ts";

/** The methods of sessions, as a guard and an observer know them. */
export function sessionOperations(guard: Pick<TierGuard, "operation">) {
  const read = (name: string): GuardedOperation => guard.operation(name, "storage.sessions.read");
  const write = (name: string): GuardedOperation => guard.operation(name, "storage.sessions.save");
  return {
    get: read("get"),
    getByChannel: read("getByChannel"),
    list: read("list"),
    findByStepHash: read("findByStepHash"),
    save: write("save"),
    open: write("open"),
    delete: write("delete"),
    removeExpired: write("removeExpired"),
  };
}

export interface GuardedSessionStoreOptions {
  readonly inner: SessionStore;
  readonly guard: TierGuard;
  readonly operations: ReturnType<typeof sessionOperations>;
  readonly tenantId: TenantId;
}

/**
 * Sessions behind a guard: while their server is out of order, every call rejects with `storage_unavailable` at once
 * instead of waiting for its deadline. Nothing is repeated.
 */
export class GuardedSessionStore implements SessionStore {
  readonly #options: GuardedSessionStoreOptions;

  constructor(options: GuardedSessionStoreOptions) {
    this.#options = options;
  }

  get(sessionId: SessionId, options?: CallOptions): Promise<Session | undefined> {
    return this.#run("get", options, (inner) => inner.get(sessionId, options));
  }

  save(session: Session, options?: CallOptions): Promise<Session> {
    return this.#run("save", options, (inner) => inner.save(session, options));
  }

  open(session: Session, options?: CallOptions): Promise<OpenedSession> {
    return this.#run("open", options, (inner) => inner.open(session, options));
  }

  delete(sessionId: SessionId, options?: CallOptions): Promise<boolean> {
    return this.#run("delete", options, (inner) => inner.delete(sessionId, options));
  }

  getByChannel(place: SessionPlace, options?: CallOptions): Promise<Session | undefined> {
    return this.#run("getByChannel", options, (inner) => inner.getByChannel(place, options));
  }

  list(...[selector, request]: Parameters<SessionStore["list"]>): Promise<Page<Session>> {
    return this.#run("list", request, (inner) => inner.list(selector, request));
  }

  findByStepHash(...[anchor, request]: Parameters<SessionStore["findByStepHash"]>): Promise<Page<Session>> {
    return this.#run("findByStepHash", request, (inner) => inner.findByStepHash(anchor, request));
  }

  removeExpired(limit: number, options?: CallOptions): Promise<number> {
    return this.#run("removeExpired", options, (inner) => inner.removeExpired(limit, options));
  }

  /** Of the server itself, also while it is not called for anything else. */
  async ping(options?: CallOptions): Promise<void> {
    await this.#options.inner.ping(options);
    await this.#options.guard.breaker.tryNow();
  }

  #run<T>(
    name: keyof ReturnType<typeof sessionOperations>,
    options: CallOptions | undefined,
    work: (inner: SessionStore) => Promise<T>,
  ): Promise<T> {
    const { guard, operations, tenantId, inner } = this.#options;
    return guard.run({ operation: operations[name], subject: { tenantId }, signal: options?.signal }, () =>
      work(inner),
    );
  }
}
