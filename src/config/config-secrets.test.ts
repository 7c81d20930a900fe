import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { isVaultError } from "../errors.ts";
import { configModel, type Setting } from "./config-model.ts";
import { describeConfig } from "./describe-config.ts";
import { loadConfig, parseConfig } from "./load-config.ts";

const SECRET = "sr_hunter2hunter2hunter2";

/** Words that names of secrets have; addresses of servers have passwords in them. */
const TELLING = /^(?:key|token|secret|password|passphrase|pin|credentials?|authorization|ur[il]|dsn)$/;

/** What has such a name and may be seen. */
const SHOWN = new Set([
  "storage.hot.redis.keyPrefix",
  // Refused with a user and a password in it.
  "register.peers[].url",
]);

let workingDirectory: string;

beforeEach(() => {
  workingDirectory = mkdtempSync(join(tmpdir(), "strongroom-secrets-"));
});
afterEach(() => {
  rmSync(workingDirectory, { recursive: true });
});

function peersFile(...keys: readonly string[]): void {
  const tables = keys.map((key, at) => {
    writeFileSync(join(workingDirectory, `key-${at}`), `${key}\n`);
    return `[[register.peers]]\nurl = "https://copy-${at}.example"\nkey = "file:key-${at}"\n`;
  });
  writeFileSync(join(workingDirectory, "strongroom.toml"), tables.join("\n"));
}

async function problems(environment: Record<string, string> = {}): Promise<string> {
  const error: unknown = await loadConfig({ workingDirectory, environment }).catch((thrown: unknown) => thrown);
  expect(isVaultError(error, "invalid_configuration")).toBe(true);
  return isVaultError(error) ? JSON.stringify([error.message, error.details, error.errors]) : "";
}

/** The paths of all that can be set, with `[]` behind the name of a list; whatever kind of schema is on the way. */
function leavesOf(schema: z.ZodType, path: string): string[] {
  if (schema instanceof z.ZodObject) {
    const members = Object.entries(schema.shape);
    return members.flatMap(([name, member]) => leavesOf(member as z.ZodType, path === "" ? name : `${path}.${name}`));
  }
  if (schema instanceof z.ZodArray) return leavesOf(schema.element as z.ZodType, `${path}[]`);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => leavesOf(option as z.ZodType, path));
  if (schema instanceof z.ZodPipe) return leavesOf(schema.in as z.ZodType, path);
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return leavesOf(schema.unwrap() as z.ZodType, path);
  }
  return [path];
}

function hidden({ path, isSecret, secretMembers }: Setting): string[] {
  return [...(isSecret ? [path] : []), ...secretMembers.map((member) => `${path}[].${member}`)];
}

function isTelling(path: string): boolean {
  const name = path.split(".").at(-1) ?? "";
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).split(/[^a-z]+/);
  return words.some((word) => TELLING.test(word));
}

describe("secrets of the configuration", () => {
  it("are all settings that are named like one", () => {
    const model = configModel([]);
    const telling = leavesOf(model.schema, "").filter((path) => isTelling(path) && !SHOWN.has(path));
    expect(telling).toEqual(expect.arrayContaining(["masterKey", "sessions.redisUrl", "register.peers[].key"]));
    expect(new Set(telling)).toEqual(new Set(model.settings.flatMap(hidden)));
  });

  it("are not shown where they are members of a list, while the rest of it is", async () => {
    peersFile(SECRET, `${SECRET}-2`);
    const listed = describeConfig(await loadConfig({ workingDirectory, environment: {} }));
    expect(listed.find(({ path }) => path === "register.peers")?.value).toEqual([
      { url: "https://copy-0.example", key: "[redacted]" },
      { url: "https://copy-1.example", key: "[redacted]" },
    ]);
    expect(JSON.stringify(listed)).not.toContain("hunter2");
  });

  it("are read from files where they are members of a list", async () => {
    peersFile(SECRET, `${SECRET}-2`);
    const { config, sources } = await loadConfig({ workingDirectory, environment: {} });
    expect(config.register.peers.map(({ key }) => key)).toEqual([SECRET, `${SECRET}-2`]);
    expect(sources.get("register.peers")).toBe("strongroom.toml");
    rmSync(join(workingDirectory, "key-1"));
    expect(await problems()).toMatch(/register\/peers\/1\/key.*that strongroom\.toml names cannot be read/);
  });

  it("are refused in clear where they are members of a list, and not quoted", async () => {
    const tables = `[[register.peers]]\nurl = "https://copy.example"\nkey = "${SECRET}"\n`;
    writeFileSync(join(workingDirectory, "strongroom.toml"), tables);
    const found = await problems();
    expect(found).toMatch(/register\/peers\/0\/key.*secret_in_clear.*write file:\/path\/to\/it\./);
    expect(found).not.toContain("hunter2");
  });

  it("are not quoted in what is said about a list that is not as expected", async () => {
    peersFile(...Array.from({ length: 17 }, () => SECRET));
    expect(await problems()).toMatch(/register\/peers.*a secret that is not shown from strongroom\.toml/);
    peersFile(`${SECRET} ${SECRET}`, "hunter2");
    const found = await problems();
    expect(found).toMatch(/register\/peers\/0\/key.*visible ASCII.*register\/peers\/1\/key.*>=16/);
    const asText = await problems({ STRONGROOM__REGISTER__PEERS: JSON.stringify([{ key: SECRET }]) });
    expect(asText).toContain("a secret that is not shown from STRONGROOM__REGISTER__PEERS");
    for (const text of [await problems(), found, asText]) expect(text).not.toContain("hunter2");
  });

  it("have no place in the address of a peer, which is printed", () => {
    for (const user of ["user:hunter2@", "hunter2@", ":hunter2@"]) {
      const peers = [{ url: `https://${user}copy.example` }];
      const error = thrownBy(() => parseConfig({ register: { peers } }));
      expect(JSON.stringify(error)).toContain("without a user and a password");
      expect(JSON.stringify(error)).not.toContain("hunter2");
    }
    expect(parseConfig({ register: { peers: [{ url: "https://copy.example:8420" }] } }).register.peers).toHaveLength(1);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return isVaultError(error) && error.errors;
  }
  return undefined;
}
