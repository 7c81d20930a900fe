import { randomUUID } from "node:crypto";
import { openRedis } from "../storage/redis/connection.ts";
import type { RedisConnection } from "../storage/redis/redis-connection.ts";

/** A connection with a prefix of its own; what it stored is removed when it is closed. */
export async function openRedisUnderTest(
  url: string,
  options: { cluster?: boolean; commandTimeoutMs?: number } = {},
): Promise<RedisConnection> {
  // Thousands of commands at once have to wait for each other on a machine that others use, too.
  const connection = await openRedis({ commandTimeoutMs: 10_000, ...options, url, keyPrefix: `test-${randomUUID()}:` });
  const close = connection[Symbol.asyncDispose].bind(connection);
  connection[Symbol.asyncDispose] = async () => {
    try {
      await removeAll(connection);
    } finally {
      await close();
    }
  };
  return connection;
}

async function removeAll(connection: RedisConnection): Promise<void> {
  for (const node of connection.primaries()) {
    let cursor = "0";
    do {
      const values = [cursor, "MATCH", `${connection.keyPrefix}*`, "COUNT", 1_000];
      const [next, names] = await node.send<[string, string[]]>("scan", values, { timeoutMs: 5_000 });
      await Promise.all(names.map((name) => node.send("unlink", [name], { timeoutMs: 5_000 })));
      cursor = next;
    } while (cursor !== "0");
  }
}
