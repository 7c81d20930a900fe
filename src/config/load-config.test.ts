import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VaultError } from "../errors.ts";
import { describeConfig } from "./describe-config.ts";
import { type LoadedConfig, loadConfig, parseConfig } from "./load-config.ts";
import { decodeMasterKey } from "./master-key.ts";

let workingDirectory: string;

beforeEach(() => {
  workingDirectory = mkdtempSync(join(tmpdir(), "strongroom-config-"));
});
afterEach(() => {
  rmSync(workingDirectory, { recursive: true });
});

function write(name: string, text: string): string {
  const path = join(workingDirectory, name);
  writeFileSync(path, text);
  return path;
}

function load(environment: Record<string, string> = {}): Promise<LoadedConfig> {
  return loadConfig({ workingDirectory, environment });
}

async function problems(environment: Record<string, string> = {}): Promise<Record<string, string>> {
  try {
    await load(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(VaultError);
    expect((error as VaultError).code).toBe("invalid_configuration");
    return Object.fromEntries((error as VaultError).errors.map(({ path, message }) => [path, message]));
  }
  throw new RangeError("the configuration was accepted");
}

describe("loadConfig", () => {
  it("has a default for everything but secrets", async () => {
    const { config, sources } = await load();
    const { storage, sessions, profileCache, register, ...rest } = config;
    expect(rest).toEqual({
      environment: "development",
      http: { host: "127.0.0.1", port: 8420, bodyLimitBytes: 1_048_576, shutdownTimeoutMs: 10_000 },
      dataDirectory: "./data",
      assets: { sizeLimitBytes: 26_214_400 },
      validation: { mode: "warn" },
      wallets: { metadataTtlSeconds: 600 },
      log: { level: "info", format: "auto" },
    });
    expect(sessions).toMatchObject({ engine: "postgres", maxSessionAgeSeconds: 604_800 });
    expect(register).toMatchObject({ enabled: true, sealIntervalMs: 1_000, sealMaxTransactions: 100, peers: [] });
    expect(profileCache).toMatchObject({ enabled: true, profileTtlSeconds: 1_800 });
    expect(storage).toMatchObject({
      engineModules: [],
      hot: { engine: "in-memory", required: false, defaultTtlSeconds: 900, observability: { level: "metrics" } },
      warm: {
        relational: {
          engine: "postgres",
          postgres: {
            schema: "strongroom",
            poolMax: 10,
            statementTimeoutMs: 10_000,
            connectTimeoutMs: 5_000,
            migrateAtStart: true,
          },
        },
        documents: { engine: "postgres", required: true, observability: { level: "structured-logging" } },
      },
      cold: { engine: "postgres", required: true, observability: { level: "full-tracing" } },
    });
    expect(new Set(sources.values())).toEqual(new Set(["default"]));
  });

  it.each([
    ["strongroom.toml", "dataDirectory = '/srv/vault'\n[http]\nport = 9000\n"],
    ["strongroom.json", '{"dataDirectory": "/srv/vault", "http": {"port": 9000}}'],
  ])("reads %s", async (name, text) => {
    write(name, text);
    const { config, sources } = await load();
    expect(config.http.port).toBe(9000);
    expect(config.dataDirectory).toBe("/srv/vault");
    expect(sources.get("http.port")).toBe(name);
    expect(sources.get("http.host")).toBe("default");
  });

  it("reads the file that STRONGROOM_CONFIG names, and only that", async () => {
    write("strongroom.toml", "[http]\nport = 9000\n");
    const path = write("other.toml", "[http]\nport = 9001\n");
    expect((await load({ STRONGROOM_CONFIG: path })).config.http.port).toBe(9001);
    expect((await load({ STRONGROOM_CONFIG: "other.toml" })).config.http.port).toBe(9001);
    expect((await problems({ STRONGROOM_CONFIG: "missing.toml" }))[""]).toContain("STRONGROOM_CONFIG");
  });

  it("lays the environment over the file, types read from the text, the long names over the shortcuts", async () => {
    write("strongroom.toml", "[http]\nport = 9000\n[log]\nlevel = 'warn'\n");
    const { config, sources } = await load({
      PORT: "9001",
      STRONGROOM__HTTP__BODY_LIMIT_BYTES: "2048",
      STRONGROOM__STORAGE__WARM__RELATIONAL__POSTGRES__MIGRATE_AT_START: "false",
      STRONGROOM_DATA_DIR: "/short",
      STRONGROOM__DATA_DIRECTORY: "/long",
      STRONGROOM_API_KEY: "0123456789abcdef",
      DATABASE_URL: "postgres://user@host/db",
    });
    expect(config.http).toMatchObject({ port: 9001, bodyLimitBytes: 2048 });
    expect(config.storage.warm.relational.postgres).toMatchObject({
      migrateAtStart: false,
      url: "postgres://user@host/db",
    });
    expect(config).toMatchObject({ dataDirectory: "/long", apiKey: "0123456789abcdef", log: { level: "warn" } });
    expect(sources.get("http.port")).toBe("PORT");
    expect(sources.get("dataDirectory")).toBe("STRONGROOM__DATA_DIRECTORY");
  });

  it("counts an empty variable as not set", async () => {
    expect((await load({ DATABASE_URL: "", PORT: "" })).config).toEqual((await load()).config);
  });

  it("reads secrets from files, relative and absolute, without the line break at the end", async () => {
    const path = write("key", "0123456789abcdef\n");
    write("strongroom.toml", `apiKey = "file:${path}"\n`);
    expect((await load()).config.apiKey).toBe("0123456789abcdef");
    expect((await load({ STRONGROOM_API_KEY: "file:key" })).config.apiKey).toBe("0123456789abcdef");
    expect((await load({ STRONGROOM_API_KEY: `file://${path}` })).sources.get("apiKey")).toBe(
      `STRONGROOM_API_KEY, file://${path}`,
    );
  });

  it("reports all problems at once, each with its place, source and expectation", async () => {
    write("strongroom.toml", "datadirectory = 'x'\n[http]\nprot = 1\nport = 'eighty'\n[log]\nlevel = 'loud'\n");
    const found = await problems({
      STRONGROOM__HTTP__BODY_LIMIT_BYTES: "5",
      STRONGROOM__HTTP__BODY_LIMIT: "5",
      DATABASE_URL: "mysql://user:hunter2@host/db",
    });
    expect(found).toEqual({
      "/datadirectory": expect.stringContaining("Did you mean dataDirectory?"),
      "/http/prot": expect.stringContaining("Did you mean http.port?"),
      "/http/port": expect.stringMatching(/^Expected number.* Got "eighty" from strongroom.toml\.$/),
      "/http/bodyLimitBytes": expect.stringMatching(/>=1024.* Got 5 from STRONGROOM__HTTP__BODY_LIMIT_BYTES\.$/),
      "/STRONGROOM__HTTP__BODY_LIMIT": expect.stringContaining("Did you mean STRONGROOM__HTTP__BODY_LIMIT_BYTES?"),
      "/log/level": expect.stringMatching(/^Expected one of .* Got "loud" from strongroom.toml\.$/),
      "/storage/warm/relational/postgres/url": expect.stringContaining("from DATABASE_URL"),
    });
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("finds the section of a setting that was put at the top", async () => {
    write("strongroom.toml", "bodyLimitBytes = 5000\n");
    expect((await problems())["/bodyLimitBytes"]).toContain("Did you mean http.bodyLimitBytes?");
  });

  it("refuses secrets in clear in a file and does not quote them", async () => {
    write(
      "strongroom.toml",
      "apiKey = 'hunter2hunter2hunter2'\n[storage.warm.relational.postgres]\nurl = 'postgres://u:hunter2@h/d'\n",
    );
    const found = await problems();
    expect(Object.keys(found)).toEqual(["/storage/warm/relational/postgres/url", "/apiKey"]);
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it.each([
    ["strongroom.toml", "apiKey = 'hunter2"],
    ["strongroom.json", '{"apiKey": "hunter2'],
    ["strongroom.json", "[]"],
  ])("refuses %s with %j without quoting it", async (name, text) => {
    write(name, text);
    const found = await problems();
    expect(Object.keys(found)).toEqual([""]);
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("refuses two files, a section that is none, and reserved keys", async () => {
    write("strongroom.toml", "http = 5\n");
    expect((await problems({ PORT: "80" }))["/http"]).toContain("Expected object");
    write("strongroom.json", "{}");
    expect((await problems())[""]).toContain("strongroom.json");
    rmSync(join(workingDirectory, "strongroom.toml"));
    write("strongroom.json", '{"__proto__": {"http": {"port": 1}}}');
    expect(Object.keys(await problems())).toEqual(["/__proto__"]);
  });

  it("refuses unreadable secret files, keys that are too short and master keys of the wrong length", async () => {
    expect((await problems({ STRONGROOM_API_KEY: "file:missing" }))["/apiKey"]).toContain("cannot be read");
    expect((await problems({ STRONGROOM_API_KEY: "short" }))["/apiKey"]).toContain(">=16");
    expect((await problems({ STRONGROOM_MASTER_KEY: "ab" }))["/masterKey"]).toContain("32 bytes");
  });
});

describe("describeConfig", () => {
  it("lists every setting with its source and hides secrets", async () => {
    const listed = describeConfig(await load({ PORT: "9001", STRONGROOM_API_KEY: "0123456789abcdef" }));
    expect(listed.find(({ path }) => path === "http.port")).toMatchObject({ value: 9001, source: "PORT" });
    expect(listed.find(({ path }) => path === "apiKey")).toMatchObject({ value: "[redacted]" });
    expect(listed.find(({ path }) => path === "storage.warm.relational.postgres.url")).toMatchObject({ value: null });
    expect(listed.every(({ description }) => description !== "")).toBe(true);
    expect(JSON.stringify(listed)).not.toContain("0123456789abcdef");
  });
});

describe("parseConfig", () => {
  it("completes what a program gives and refuses what it should not", async () => {
    expect(parseConfig({ http: { port: 0 } }).http.port).toBe(0);
    expect(() => parseConfig({ http: { port: -1 } })).toThrow(VaultError);
  });
});

describe("decodeMasterKey", () => {
  it("reads hex, base64 and base64url", async () => {
    const bytes = Buffer.alloc(32, 0xfb);
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      expect(decodeMasterKey(bytes.toString(encoding))).toEqual(bytes);
    }
  });
});
