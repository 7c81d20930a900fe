import { randomBytes } from "node:crypto";
import { type SessionsConfig, sessionsConfig } from "../../src/config/sessions-config.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import type { RedisConnection } from "../../src/storage/redis/redis-connection.ts";
import { openSessionEngine, withSessions } from "../../src/vault/session-engine.ts";
import { IN_MEMORY, type IntegrationEngine, integrationEngines } from "./engines.ts";

/** Where sessions are, with what else a world has. */
export interface SessionSubject {
  readonly place: string;
  readonly engine: IntegrationEngine;
}

/** Sessions in each database, and on the Redis server that REDIS_URL names, if it names one. */
export function sessionSubjects(): SessionSubject[] {
  const url = process.env["REDIS_URL"];
  const inDatabase = integrationEngines().map((engine) => ({ place: engine.name, engine }));
  return url ? [...inDatabase, { place: "redis", engine: sessionsOnRedis(url) }] : inDatabase;
}

/** An in-memory database with the sessions on Redis, below a key prefix of their own, which is emptied at the end. */
export function sessionsOnRedis(url: string, settings: Partial<SessionsConfig> = {}): IntegrationEngine {
  return {
    ...IN_MEMORY,
    async open() {
      const opened = await IN_MEMORY.open();
      const { stores } = opened;
      const keyPrefix = `test_${randomBytes(8).toString("hex")}:`;
      const connection = await openRedis({ url, keyPrefix });
      const config = sessionsConfig.parse({ engine: "redis", ...settings });
      const engine = await openSessionEngine(config, () => Promise.resolve(connection));
      if (!engine) throw new Error("the configuration names an engine");
      return {
        ...opened,
        stores: {
          ...withSessions(stores, engine),
          async [Symbol.asyncDispose]() {
            await removeAll(connection).catch(() => undefined);
            await connection[Symbol.asyncDispose]();
            await stores[Symbol.asyncDispose]();
          },
        },
      };
    },
  };
}

async function removeAll(connection: RedisConnection): Promise<void> {
  const options = { timeoutMs: 5_000 };
  let cursor = "0";
  do {
    const values = [cursor, "MATCH", `${connection.keyPrefix}*`, "COUNT", 1_000];
    const [next, keys] = await connection.send<[string, string[]]>("scan", values, options);
    if (keys.length > 0) await connection.send("del", keys, options);
    cursor = next;
  } while (cursor !== "0");
}
