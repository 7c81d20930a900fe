import { randomBytes } from "node:crypto";
import { openRedis } from "../src/storage/redis/connection.ts";
import type { RedisConnection } from "../src/storage/redis/redis-connection.ts";

/** A server, and a connection whose prefix nobody else has. */
export interface RedisGround {
  readonly url: string;
  readonly connection: RedisConnection;
}

const TIMEOUT_MS = 5_000;

/**
 * Lets `work` use the server that REDIS_URL names, and removes what begins with the prefix afterwards.
 *
 * @param what is left out without a server, for the message that says so
 */
export async function withRedisPrefix<T>(what: string, work: (ground: RedisGround) => Promise<T[]>): Promise<T[]> {
  const url = process.env["REDIS_URL"];
  if (!url) {
    console.error(`Without REDIS_URL the figures of ${what} are left out.`);
    return [];
  }
  const keyPrefix = `bench_${randomBytes(8).toString("hex")}:`;
  await using connection = await openRedis({ url, keyPrefix, commandTimeoutMs: TIMEOUT_MS });
  try {
    return await work({ url, connection });
  } finally {
    await removeAll(connection);
  }
}

async function removeAll(connection: RedisConnection): Promise<void> {
  let cursor = "0";
  do {
    const values = [cursor, "MATCH", `${connection.keyPrefix}*`, "COUNT", 1_000];
    const [next, keys] = await connection.send<[string, string[]]>("scan", values);
    if (keys.length > 0) await connection.send("unlink", keys);
    cursor = next;
  } while (cursor !== "0");
}
