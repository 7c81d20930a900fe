import type { Config } from "../config/config-schema.ts";
import { redisSettings } from "../config/engine-settings.ts";
import { invariant } from "../errors.ts";
import type { TierProbe } from "../storage/health.ts";
import type { RedisConnection } from "../storage/redis/redis-connection.ts";
import { redisConnection } from "./built-in-engines.ts";
import { openSessionEngine, type SessionEngine } from "./session-engine.ts";
import type { SharedClients } from "./shared-clients.ts";

/**
 * The engine of sessions that the configuration names; `undefined` when they are in the relational tier. A server that
 * cannot be reached yet does not keep the vault from starting: until it can, requests about sessions get 503.
 *
 * Rejects with `server_too_old`.
 *
 * @param clients closes the connection, which is the hot tier's when both are on one server
 */
export function openSessions(config: Config, clients: SharedClients): Promise<SessionEngine | undefined> {
  return openSessionEngine(config.sessions, () => connectionOf(config, clients));
}

/** Everything but sessions can be done without them, so that a process is not taken out of service for them. */
export function sessionProbe({ sessions }: Config, engine: SessionEngine): TierProbe {
  return { tier: "sessions", engine: sessions.engine, required: false, ping: (options) => engine.ping(options) };
}

function connectionOf({ sessions, storage }: Config, clients: SharedClients): Promise<RedisConnection> {
  const hot = storage.hot.redis;
  const url = sessions.redisUrl ?? hot?.url;
  invariant(url !== undefined, "a checked configuration names the server of the sessions");
  const settings = redisSettings.parse({ ...hot, url });
  return redisConnection({ settings, shared: (endpoint, open) => clients.get(endpoint, open) });
}
