import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import type { AgentId } from "../../src/identifiers.ts";
import type { SessionPlace } from "../../src/sessions/session.ts";
import { openRedis } from "../../src/storage/redis/connection.ts";
import { openVault, type Vault } from "../../src/vault.ts";
import { uuid } from "./test-customer.ts";

const IN_MEMORY = { engine: "in-memory" } as const;
const keyPrefix = `test_${randomBytes(8).toString("hex")}:`;
const url = process.env["REDIS_URL"] ?? "";

const openWith = (sessions: object, redisUrl: string) => {
  const warm = { relational: IN_MEMORY, documents: IN_MEMORY };
  const redis = { url: redisUrl, keyPrefix };
  return openVault({ storage: { hot: { ...IN_MEMORY, redis }, warm, cold: IN_MEMORY }, sessions });
};
const newPlace = (): SessionPlace => ({ agentId: uuid() as AgentId, channel: "sms", channelUserId: uuid() });
const sessionsOf = (vault: Vault) => vault.tenant(vault.defaultTenantId).sessions;

async function keysOnServer(): Promise<string[]> {
  await using connection = await openRedis({ url, keyPrefix, commandTimeoutMs: 5_000 });
  const keys: string[] = [];
  let cursor = "0";
  do {
    const values = [cursor, "MATCH", `${keyPrefix}session:*`, "COUNT", 1_000];
    const [next, found] = await connection.send<[string, string[]]>("scan", values);
    keys.push(...found);
    cursor = next;
  } while (cursor !== "0");
  return keys;
}

describe("the configuration of sessions", () => {
  it.skipIf(url === "")("keeps them on Redis, beside the hot tier or on a server of their own", async () => {
    for (const settings of [{}, { redisUrl: url }]) {
      await using vault = await openWith({ engine: "redis", ...settings }, url);
      const { session } = await sessionsOf(vault).open(newPlace());
      expect((await keysOnServer()).join()).toContain(`hot:${session.sessionId}`);
      expect(await sessionsOf(vault).get(session.sessionId)).toEqual(session);
      await sessionsOf(vault).delete(session.sessionId);
      expect(await keysOnServer()).toEqual([]);
    }
  });

  it("opens without a server, and refuses sessions until there is one", async () => {
    await using vault = await openWith(
      { engine: "redis", redisUrl: "redis://127.0.0.1:1" },
      url || "redis://127.0.0.1:1",
    );
    await expect(sessionsOf(vault).open(newPlace())).rejects.toMatchObject({ code: "storage_unavailable" });
    const { status, tiers } = await vault.checkHealth();
    expect(status).toBe("degraded");
    expect(tiers.at(-1)).toMatchObject({ tier: "sessions", engine: "redis", status: "down", required: false });
    const customers = vault.tenant(vault.defaultTenantId).customers;
    expect(await customers.getOrCreate({ externalId: "a" })).toMatchObject({ created: true });
  });

  it.each(["postgres", "in-memory"])("keeps them in this process for %s over an in-memory database", async (engine) => {
    await using vault = await openWith({ engine, maxSessionAgeSeconds: 60 }, "redis://127.0.0.1:1");
    const { session } = await sessionsOf(vault).open(newPlace());
    expect(await sessionsOf(vault).get(session.sessionId)).toEqual(session);
    const { tiers } = await vault.checkHealth();
    expect(tiers.some(({ tier }) => tier === "sessions")).toBe(engine === "in-memory");
  });

  it("has no life that outlasts the tier which holds all sessions", async () => {
    const bad = [
      { hotTtlSeconds: 7_200, persistTtlSeconds: 3_600, maxSessionAgeSeconds: 3_600 },
      { persistTtlSeconds: 60 },
    ];
    for (const settings of bad) {
      await expect(openWith(settings, "redis://127.0.0.1:1")).rejects.toMatchObject({ code: "invalid_configuration" });
    }
  });
});

afterAll(async () => {
  if (url) expect(await keysOnServer()).toEqual([]);
});
