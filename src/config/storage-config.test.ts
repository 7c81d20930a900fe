import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isVaultError, VaultError } from "../errors.ts";
import { describeConfig } from "./describe-config.ts";
import { loadConfig, parseConfig } from "./load-config.ts";

let workingDirectory: string;

beforeEach(() => {
  workingDirectory = mkdtempSync(join(tmpdir(), "strongroom-storage-"));
});
afterEach(() => {
  rmSync(workingDirectory, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(workingDirectory, name), text);
}

async function storage(environment: Record<string, string> = {}) {
  return (await loadConfig({ workingDirectory, environment })).config.storage;
}

async function problems(environment: Record<string, string> = {}): Promise<Record<string, string>> {
  const error: unknown = await loadConfig({ workingDirectory, environment }).catch((reason: unknown) => reason);
  if (!isVaultError(error, "invalid_configuration")) throw new RangeError("the configuration was accepted");
  return Object.fromEntries(error.errors.map(({ path, code, message }) => [`${path} ${code}`, message]));
}

/** A module of engines as a package from outside would bring it, with this project's zod. */
function engineModule(engine: string): string {
  const zod = import.meta.resolve("zod");
  return `import { z } from ${JSON.stringify(zod)};\nexport const engines = [${engine}];\n`;
}

const SHELF = `{ tier: "hot", name: "shelf", secrets: ["token"], isVolatile: false, open() {},
  settings: z.strictObject({ token: z.string().describe("Key."), width: z.int().default(3).describe("Width.") }) }`;

describe("engines of the tiers", () => {
  it("takes each tier's engine from the file and its section with it", async () => {
    write("strongroom.toml", "[storage.cold]\nengine = 'mongodb'\n[storage.cold.mongodb]\ndatabase = 'ledger'\n");
    const { cold } = await storage({ MONGODB_URL: "mongodb://host/" });
    expect(cold).toMatchObject({ engine: "mongodb", mongodb: { url: "mongodb://host/", database: "ledger" } });
  });

  it("uses a Redis that is named, unless the file says otherwise", async () => {
    const environment = { REDIS_URL: "redis://host:6379" };
    expect((await storage(environment)).hot).toMatchObject({
      engine: "redis",
      redis: { url: "redis://host:6379", keyPrefix: "strongroom:", commandTimeoutMs: 50 },
    });
    expect((await storage({ ...environment, STRONGROOM__STORAGE__HOT__ENGINE: "in-memory" })).hot.engine).toBe(
      "in-memory",
    );
    write("strongroom.toml", "[storage.hot]\nengine = 'in-memory'\n");
    expect((await storage(environment)).hot.engine).toBe("in-memory");
  });

  it("puts documents and sealed records where the relational tier is, unless told otherwise", async () => {
    write("strongroom.toml", "[storage.warm.relational]\nengine = 'in-memory'\n");
    const { warm, cold } = await storage();
    expect([warm.documents.engine, cold.engine]).toEqual(["in-memory", "in-memory"]);
  });

  it("reports what is missing, unknown and impossible together, without secrets", async () => {
    write(
      "strongroom.toml",
      `[storage.hot]\nengine = 'redsi'\n[storage.warm.relational]\nengine = 'in-memory'\n[storage.warm.documents]\nengine = 'mongodb'
[storage.cold]\nengine = 'postgres'\n[storage.cold.observability]\nlevel = 'all'\n[storage.hot.redis]\nkeyPrefx = 'a'\n`,
    );
    const found = await problems({ REDIS_URL: "http://user:hunter2@host" });
    expect(found).toMatchObject({
      "/storage/hot/engine invalid_value": expect.stringMatching(/in-memory.*redis.* Got "redsi" from strongroom.toml/),
      "/storage/hot/redis/url invalid_format": expect.stringContaining("a secret that is not shown from REDIS_URL"),
      "/storage/hot/redis/keyPrefx unknown_setting": expect.stringContaining(
        "Did you mean storage.hot.redis.keyPrefix?",
      ),
      "/storage/warm/documents/mongodb/url invalid_type": expect.stringContaining("Expected string"),
      "/storage/cold/engine engine_unavailable": expect.stringContaining('Got "postgres"'),
      "/storage/cold/observability/level invalid_value": expect.stringContaining("full-tracing"),
    });
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("refuses in production what forgets, for a required tier, until it is allowed", async () => {
    const volatile = { STRONGROOM__STORAGE__WARM__RELATIONAL__ENGINE: "in-memory", NODE_ENV: "production" };
    expect(Object.keys(await problems(volatile))).toEqual(
      ["warm/relational", "warm/documents", "cold"].map((tier) => `/storage/${tier}/engine volatile_engine`),
    );
    const allowed = Object.fromEntries(
      ["WARM__RELATIONAL", "WARM__DOCUMENTS", "COLD"].map((tier) => [
        `STRONGROOM__STORAGE__${tier}__ALLOW_VOLATILE`,
        "true",
      ]),
    );
    await expect(storage({ ...volatile, ...allowed })).resolves.toBeDefined();
    await expect(storage({ ...volatile, NODE_ENV: "test" })).resolves.toBeDefined();
    const hot = { NODE_ENV: "production", STRONGROOM__STORAGE__HOT__REQUIRED: "true" };
    expect(Object.keys(await problems(hot))).toEqual(["/storage/hot/engine volatile_engine"]);
    await expect(storage({ NODE_ENV: "production" })).resolves.toBeDefined();
    const sessions = { NODE_ENV: "production", STRONGROOM__SESSIONS__ENGINE: "in-memory" };
    expect(Object.keys(await problems(sessions))).toEqual(["/sessions/engine volatile_engine"]);
  });

  it("has sessions on the cache's Redis, or on one of their own", async () => {
    const sessions = { STRONGROOM__SESSIONS__ENGINE: "redis" };
    expect(Object.keys(await problems(sessions))).toEqual(["/sessions/redisUrl engine_unavailable"]);
    await expect(storage({ ...sessions, REDIS_URL: "redis://host" })).resolves.toBeDefined();
    await expect(storage({ ...sessions, STRONGROOM__SESSIONS__REDIS_URL: "redis://host" })).resolves.toBeDefined();
  });

  it("says the same to a program", () => {
    expect(() => parseConfig({ storage: { cold: { engine: "mongodb" } } })).toThrow(VaultError);
    const input = { storage: { warm: { relational: { engine: "in-memory" } } } } as const;
    expect(parseConfig(input).storage.cold.engine).toBe("in-memory");
    expect(input).toEqual({ storage: { warm: { relational: { engine: "in-memory" } } } });
    expect(parseConfig(parseConfig(input))).toEqual(parseConfig(input));
  });
});

describe("engines from outside", () => {
  it("brings an engine with its settings, secrets and variables", async () => {
    write("shelf.mjs", engineModule(SHELF));
    write("strongroom.toml", "[storage]\nengineModules = ['./shelf.mjs']\n[storage.hot]\nengine = 'shelf'\n");
    const environment = { STRONGROOM__STORAGE__HOT__SHELF__TOKEN: "hunter2" };
    const loaded = await loadConfig({ workingDirectory, environment });
    expect(loaded.config.storage.hot).toMatchObject({ engine: "shelf", shelf: { token: "hunter2", width: 3 } });
    expect(loaded.engines.map(({ name }) => name)).toEqual(["shelf"]);
    const listed = describeConfig(loaded).find(({ path }) => path === "storage.hot.shelf.token");
    expect(listed).toMatchObject({ value: "[redacted]", source: "STRONGROOM__STORAGE__HOT__SHELF__TOKEN" });
    const viaVariable = { ...environment, STRONGROOM__STORAGE__ENGINE_MODULES: "./shelf.mjs" };
    await expect(loadConfig({ workingDirectory, environment: viaVariable })).resolves.toBeDefined();
  });

  it("says what is wrong with a module, and everything else too", async () => {
    write("broken.mjs", "throw new Error('no')");
    write("empty.mjs", "export const engines = []");
    write("taken.mjs", engineModule(SHELF.replace("shelf", "redis")));
    const modules = "./missing.mjs, ./broken.mjs,./empty.mjs,./taken.mjs";
    const found = await loadConfig({
      workingDirectory,
      environment: { STRONGROOM__STORAGE__ENGINE_MODULES: modules, PORT: "-1" },
    }).catch((error: unknown) => error);
    expect(isVaultError(found) && found.errors.map(({ message }) => message)).toEqual([
      "The module ./missing.mjs cannot be loaded.",
      "The module ./broken.mjs cannot be loaded.",
      expect.stringContaining("./empty.mjs exports no `engines`"),
      "The module ./taken.mjs brings redis for hot, which there is already.",
      expect.stringContaining(">=0"),
    ]);
  });
});
