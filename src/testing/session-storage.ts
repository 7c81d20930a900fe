import type { TenantId } from "../identifiers.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { ManualClock } from "./manual-clock.ts";

/** How long sessions without activity last in the contract. */
export const SESSION_MAX_AGE_MS = 7 * 86_400_000;

export interface SessionStorage extends AsyncDisposable {
  /** What the stores tell the time by. */
  readonly clock: ManualClock;
  /** A tenant that exists, without sessions. */
  createTenant(): Promise<TenantId>;
  /** Its sessions last for `SESSION_MAX_AGE_MS`. */
  forTenant(tenantId: TenantId): SessionStore;
}

/** What the parts of the contract work on; each test has tenants of its own. */
export interface SessionContext {
  storage: SessionStorage;
  clock: ManualClock;
  store: SessionStore;
  /** The adversary's. */
  other: SessionStore;
}
