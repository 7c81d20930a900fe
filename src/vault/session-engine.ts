import type { SessionsConfig } from "../config/sessions-config.ts";
import type { TenantId } from "../identifiers.ts";
import { InMemorySessionStore } from "../sessions/in-memory-session-store.ts";
import { RedisSessionStore } from "../sessions/redis-session-store.ts";
import type { SessionRules } from "../sessions/session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { CallOptions } from "../storage/call-options.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import type { RedisConnection } from "../storage/redis/redis-connection.ts";
import type { SessionEvents } from "../telemetry/session-events.ts";
import type { Stores, TenantStores } from "./stores.ts";

/** Where sessions are when they are not in the database: no transaction spans them. */
export interface SessionEngine {
  forTenant(tenantId: TenantId, rules: SessionRules, events: SessionEvents): SessionStore;
  /** Rejects when the server does not answer. */
  ping(options?: CallOptions): Promise<void>;
}

/**
 * The engine that the configuration names; `undefined` when sessions are in the relational tier.
 *
 * @param connect opens, or shares, the connection to the server of the sessions, which the caller closes
 */
export async function openSessionEngine(
  config: SessionsConfig,
  connect: () => Promise<RedisConnection>,
): Promise<SessionEngine | undefined> {
  if (config.engine === "in-memory") return inMemoryEngine(new InMemoryDatabase());
  return config.engine === "redis" ? redisEngine(await connect(), config) : undefined;
}

function inMemoryEngine(database: InMemoryDatabase): SessionEngine {
  return {
    forTenant: (tenantId, rules) => new InMemorySessionStore(database.forTenant(tenantId), rules),
    ping: () => database.platform().run(() => undefined),
  };
}

function redisEngine(connection: RedisConnection, config: SessionsConfig): SessionEngine {
  const { commandTimeoutMs, hotTtlSeconds, persistTtlSeconds } = config;
  const lives = { commandTimeoutMs, hotMs: hotTtlSeconds * 1_000, persistMs: persistTtlSeconds * 1_000 };
  return {
    forTenant: (tenantId, rules, events) => new RedisSessionStore({ connection, tenantId, rules, lives, events }),
    async ping(options) {
      await connection.send("ping", [], { signal: options?.signal, timeoutMs: commandTimeoutMs });
    },
  };
}

/** The same stores, but with the sessions of the engine. */
export function withSessions(stores: Stores, engine: SessionEngine): Stores {
  const bind = (tenantId: TenantId, bound: TenantStores): TenantStores => ({
    ...bound,
    sessions: (rules, events) => engine.forTenant(tenantId, rules, events),
    transaction: (work) => bound.transaction((inner) => work(bind(tenantId, inner))),
  });
  return {
    ...stores,
    forTenant: (tenantId) => bind(tenantId, stores.forTenant(tenantId)),
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}
