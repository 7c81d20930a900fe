import type { Config } from "../config/config-schema.ts";
import { redisSettings } from "../config/engine-settings.ts";
import { invariant } from "../errors.ts";
import { GuardedSessionStore, sessionOperations } from "../sessions/guarded-session-store.ts";
import type { TierProbe } from "../storage/health.ts";
import { TierObserver } from "../storage/observability/tier-observer.ts";
import type { RedisConnection } from "../storage/redis/redis-connection.ts";
import { databaseRecovery } from "../storage/resilience/database-recovery.ts";
import { TierGuard, type TierGuardOptions } from "../storage/resilience/tier-guard.ts";
import { DEFAULT_POLICIES } from "../storage/resilience/tier-policy.ts";
import { redisConnection } from "./built-in-engines.ts";
import type { TierOptions } from "./open-tier.ts";
import { openSessionEngine, type SessionEngine } from "./session-engine.ts";
import type { SharedClients } from "./shared-clients.ts";

/** Sessions outside the relational tier. Disposing of them leaves the connection open, which is shared. */
export interface OpenedSessions extends AsyncDisposable {
  readonly engine: SessionEngine;
  readonly probe: TierProbe;
}

type SessionOptions = Pick<TierOptions, "config" | "clients" | "meters" | "logger">;

/**
 * The engine of sessions that the configuration names; `undefined` when they are in the relational tier. A server that
 * cannot be reached yet does not keep the vault from starting: until it can, requests about sessions get 503.
 *
 * Rejects with `server_too_old`.
 */
export async function openSessions(options: SessionOptions): Promise<OpenedSessions | undefined> {
  const { config, clients } = options;
  const plain = await openSessionEngine(config.sessions, () => connectionOf(config, clients));
  if (!plain) return undefined;
  const guard = new TierGuard(guardOptions(options), { recovery: databaseRecovery(plain, { tier: "sessions" }) });
  const engine = guardedEngine(plain, guard);
  // Everything but sessions can be done without them, so that a process is not taken out of service for them.
  const probe = { tier: "sessions", engine: config.sessions.engine, required: false } as const;
  return {
    engine,
    probe: { ...probe, ping: (call) => engine.ping(call), circuit: () => guard.breaker.state },
    async [Symbol.asyncDispose]() {
      guard.dispose();
    },
  };
}

function guardOptions({ config, meters, logger }: SessionOptions): TierGuardOptions {
  const labels = { tier: "sessions", provider: config.sessions.engine } as const;
  const observer = new TierObserver({ ...labels, settings: config.storage.hot.observability, meters, logger });
  return { tier: "sessions", policy: DEFAULT_POLICIES.sessions, observer, isRequired: false };
}

function guardedEngine(plain: SessionEngine, guard: TierGuard): SessionEngine {
  const operations = sessionOperations(guard);
  return {
    forTenant(tenantId, rules, events) {
      const inner = plain.forTenant(tenantId, rules, events);
      return new GuardedSessionStore({ inner, guard, operations, tenantId });
    },
    async ping(options) {
      await plain.ping(options);
      await guard.breaker.tryNow();
    },
  };
}

function connectionOf({ sessions, storage }: Config, clients: SharedClients): Promise<RedisConnection> {
  const hot = storage.hot.redis;
  const url = sessions.redisUrl ?? hot?.url;
  invariant(url !== undefined, "a checked configuration names the server of the sessions");
  const settings = redisSettings.parse({ ...hot, url });
  return redisConnection({ settings, shared: clients.get });
}
