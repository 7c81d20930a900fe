import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChildProgram } from "../../src/testing/child-program.ts";
import { runStrongroom, serve as startServing } from "./strongroom-process.ts";

let directory: string;
const programs: ChildProgram[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-serve-"));
});
afterEach(async () => {
  for (const program of programs.splice(0)) await program[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function run(argv: readonly string[], environment: Record<string, string> = {}): Promise<ChildProgram> {
  const program = await runStrongroom(argv, { directory, environment });
  programs.push(program);
  return program;
}

async function serve(environment: Record<string, string> = {}) {
  const started = await startServing({ directory, environment });
  programs.push(started.program);
  return started;
}

function createKey(url: string, key: string, name: string): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return fetch(`${url}/v1/api-keys`, { method: "POST", headers, body: JSON.stringify({ name, role: "agent" }) });
}

describe("serve without any configuration", () => {
  it("keeps everything over a clean stop, and tells its key once", async () => {
    const first = await serve();
    const key = first.generatedKey ?? "";
    expect(key).toMatch(/^sr_/);
    expect((await createKey(first.url, key, "kept")).status).toBe(201);
    first.program.send("SIGTERM");
    expect(await first.program.exit()).toBe(0);
    expect(first.program.errors()).not.toContain(key);

    const second = await serve();
    expect(second.generatedKey).toBeNull();
    const response = await fetch(`${second.url}/v1/api-keys`, { headers: { authorization: `Bearer ${key}` } });
    expect(await response.json()).toMatchObject({ items: [{ name: "kept" }, { name: "administrator" }] });
    second.program.send("SIGINT");
    expect(await second.program.exit()).toBe(0);
  });

  it("refuses a second process on the data directory, and says what to do", async () => {
    const { program } = await serve();
    const second = await run(["serve", "--json"]);
    expect(await second.exit()).toBe(13);
    const lines = second.errors().trim().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "{}")).toMatchObject({
      error: { code: "data_directory_in_use", details: { pid: program.pid } },
    });
  });
});

describe("serve in memory", () => {
  const inMemory = {
    STRONGROOM__STORAGE__WARM__RELATIONAL__ENGINE: "in-memory",
    STRONGROOM_API_KEY: "operators-own-key",
  };

  it("takes the operator's key and does not tell it", async () => {
    const { program, url, generatedKey } = await serve(inMemory);
    expect(generatedKey).toBeNull();
    expect((await createKey(url, "operators-own-key", "x")).status).toBe(201);
    program.send("SIGTERM");
    expect(await program.exit()).toBe(0);
    expect(program.errors()).not.toContain("operators-own-key");
  });

  it("ends at once with a second signal", async () => {
    const { program, url } = await serve({ ...inMemory, STRONGROOM__HTTP__SHUTDOWN_TIMEOUT_MS: "60000" });
    // A request that never ends keeps the server from closing.
    const hanging = new AbortController();
    const headers = { authorization: "Bearer operators-own-key", "content-type": "application/json" };
    const body = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode('{"name":')) });
    const request = { method: "POST", headers, body, duplex: "half", signal: hanging.signal };
    const answer = fetch(`${url}/v1/api-keys`, request as RequestInit).catch(() => undefined);
    await fetch(`${url}/health`);
    program.send("SIGTERM");
    await expect.poll(() => program.errors()).toContain("stopping");
    program.send("SIGTERM");
    expect(await program.exit()).toBe(143);
    hanging.abort();
    await answer;
  });

  it("refuses a port that is taken", async () => {
    const { url } = await serve(inMemory);
    const second = await run(["serve"], { ...inMemory, PORT: new URL(url).port });
    expect(await second.exit()).toBe(2);
    expect(second.errors()).toContain("another program listens there");
    expect(second.errors()).not.toMatch(/^\s+at /m);
  });

  it("refuses a bad configuration before it opens anything, all problems at once", async () => {
    const program = await run(["serve"], { ...inMemory, PORT: "http", STRONGROOM__LOG__LEVEL: "loud" });
    expect(await program.exit()).toBe(2);
    for (const text of ["invalid_configuration", "http.port", "log.level", "from PORT"]) {
      expect(program.errors()).toContain(text);
    }
  });
});

describe("migrate", () => {
  async function output(...argv: string[]): Promise<string> {
    const program = await run(argv);
    const lines: string[] = [];
    for (let line = await program.lines.next(); !line.done; line = await program.lines.next()) lines.push(line.value);
    expect([await program.exit(), program.errors()]).toEqual([0, ""]);
    return lines.join("\n");
  }

  it("goes up, tells where it is, and comes down one step or to a version", async () => {
    expect(await output("migrate", "up", "--to", "2")).toBe("applied 1 tenants\napplied 2 profiles");
    const status = JSON.parse(await output("migrate", "status", "--json")) as { appliedAt: string | null }[];
    expect(status.map(({ appliedAt }) => appliedAt !== null)).toEqual([
      true,
      true,
      ...status.slice(2).map(() => false),
    ]);
    expect(await output("migrate", "down")).toBe("undone 2 profiles");
    expect(await output("migrate", "down", "--to", "0")).toBe("undone 1 tenants");
    expect(await output("migrate", "sql", "--to", "1")).toContain("create table tenants");
  });
});
