import { randomBytes } from "node:crypto";
import { type TenantId, UuidV7Generator } from "../../src/identifiers.ts";
import { RedisSessionKeys } from "../../src/sessions/redis-session-keys.ts";
import { RedisSessionStore } from "../../src/sessions/redis-session-store.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import type { RedisConnection } from "../../src/storage/redis/redis-connection.ts";
import { NO_SESSION_EVENTS, type SessionEvents } from "../../src/telemetry/session-events.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { SESSION_MAX_AGE_MS, type SessionStorage } from "../../src/testing/session-storage.ts";
import { withMember } from "../../src/testing/with-member.ts";

export const HOT_MS = 1_800_000;
export const PERSIST_MS = SESSION_MAX_AGE_MS;

export interface RedisSessions extends SessionStorage {
  readonly connection: RedisConnection;
  forTenant(tenantId: TenantId, events?: SessionEvents): RedisSessionStore;
  /** The tenant's store in another process, in which `meanwhile` happens right before it sends the command. */
  slowBefore(command: string, tenantId: TenantId, meanwhile: () => Promise<unknown>): RedisSessionStore;
  /** What a test looks at, or does, behind the store's back. */
  keysOf(tenantId: TenantId): RedisSessionKeys;
  /** Every key of the tenant. */
  allKeys(tenantId: TenantId): Promise<string[]>;
}

/** Below a key prefix of its own, which is emptied at the end. */
export async function openRedisSessions(url: string): Promise<RedisSessions> {
  const keyPrefix = `test_${randomBytes(8).toString("hex")}:`;
  const connection = await openRedis({ url, keyPrefix, commandTimeoutMs: 5_000 });
  const clock = new ManualClock();
  const ids = new UuidV7Generator();
  const rules = { clock, maxAgeMs: SESSION_MAX_AGE_MS };
  const lives = { hotMs: HOT_MS, persistMs: PERSIST_MS, commandTimeoutMs: 5_000 };
  const storeOver = (over: RedisConnection, tenantId: TenantId, events = NO_SESSION_EVENTS) =>
    new RedisSessionStore({ connection: over, tenantId, rules, lives, events });
  const keysLike = (pattern: string) => scan(connection, pattern);
  return {
    connection,
    clock,
    createTenant: async () => ids.uuid(),
    forTenant: (tenantId, events) => storeOver(connection, tenantId, events),
    slowBefore: (command, tenantId, meanwhile) => {
      const send = async (...call: Parameters<RedisConnection["send"]>) => {
        if (call[0] === command) await meanwhile();
        return connection.send(...call);
      };
      return storeOver(withMember(connection, "send", send), tenantId);
    },
    keysOf: (tenantId) => new RedisSessionKeys(keyPrefix, tenantId),
    allKeys: (tenantId) => keysLike(`${keyPrefix}*${tenantId}*`),
    async [Symbol.asyncDispose]() {
      for (const key of await keysLike(`${keyPrefix}*`)) await connection.send("del", [key]);
      await connection[Symbol.asyncDispose]();
    },
  };
}

async function scan(connection: RedisConnection, pattern: string): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const values = [cursor, "MATCH", pattern, "COUNT", 1_000];
    const [next, found] = await connection.send<[string, string[]]>("scan", values);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...keys].sort();
}
