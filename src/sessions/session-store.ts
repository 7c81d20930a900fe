import type { AgentId, CustomerId, ScenarioId, SessionId } from "../identifiers.ts";
import type { Channel } from "../profiles/customer.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { Page } from "../storage/page.ts";
import type { Session, SessionPlace, SessionStatus } from "./session.ts";
import type { SessionScope } from "./session-scope.ts";

export type SessionSelector =
  | { readonly by: "agent"; readonly agentId: AgentId }
  | { readonly by: "customer"; readonly customerId: CustomerId }
  /** Of any agent. */
  | { readonly by: "channel"; readonly channel: Channel; readonly channelUserId: string };

export interface SessionListRequest extends CallOptions {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** A step as its content identifies it, in one version of a scenario. */
export interface StepAnchor {
  readonly scenarioId: ScenarioId;
  readonly scenarioVersion: number;
  readonly stepContentHash: string;
}

export interface OpenedSession {
  readonly session: Session;
  /** False when the place had a current session already. */
  readonly isNew: boolean;
}

/**
 * The sessions of the one tenant that the store is bound to; an id of another tenant behaves exactly like an unknown
 * one. A session whose last activity is older than the maximum age does not exist for any method but `removeExpired`.
 * Reads return copies and change no session.
 *
 * Every method may reject with `storage_unavailable`, `storage_timeout`, `aborted` or `closed`.
 */
export interface SessionStore {
  get(sessionId: SessionId, options?: CallOptions): Promise<Session | undefined>;
  /**
   * Keeps the session if its `version` is the one that is stored, 0 for one that does not exist: of any number of
   * concurrent writers of one version, one wins. Returns what was kept: with the next version, the current time as
   * `lastActivityAt` and the last `STEP_HISTORY_MAX` visits. Rejects with `version_mismatch`, and then nothing changed.
   */
  save(session: Session, options?: CallOptions): Promise<Session>;
  /**
   * The current session of the place, else the given new one (`version` 0), saved. Any number of concurrent callers
   * get the same session. Rejects with `version_mismatch` when the place has none, yet the id exists.
   */
  open(session: Session, options?: CallOptions): Promise<OpenedSession>;
  /** False for a session that does not exist. */
  delete(sessionId: SessionId, options?: CallOptions): Promise<boolean>;
  /** The current session of a place: of those that are not `closed`, the one created last (then by id, descending). */
  getByChannel(place: SessionPlace, options?: CallOptions): Promise<Session | undefined>;
  /**
   * Latest activity first, then by id, descending; all of them, or those with the status. Paging neither repeats nor
   * skips sessions that nobody saves meanwhile. Rejects with `invalid_cursor`, also when selector or status changed.
   */
  list(
    selector: SessionSelector,
    request: SessionListRequest & { readonly status?: SessionStatus | undefined },
  ): Promise<Page<Session>>;
  /**
   * The `active` sessions that stand at a step: in that version of the scenario, the last visit with that content
   * hash, and in the scope. In the order of `list`. Rejects with `invalid_cursor`, also when anchor or scope changed.
   */
  findByStepHash(
    anchor: StepAnchor,
    request: SessionListRequest & { readonly scope?: SessionScope | undefined },
  ): Promise<Page<Session>>;
  /** Removes sessions that have expired, at most `limit` of them, and returns how many. */
  removeExpired(limit: number, options?: CallOptions): Promise<number>;
  /** Resolves when the store answers. */
  ping(options?: CallOptions): Promise<void>;
}
