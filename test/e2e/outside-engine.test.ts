import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProgram } from "../../src/testing/child-program.ts";
import { type InstalledPackage, installPackage } from "./installed-package.ts";
import { serve } from "./strongroom-process.ts";

let installed: InstalledPackage;

beforeAll(async () => {
  installed = await installPackage();
  await installed.copy("examples/sqlite-cache", "sqlite-cache");
  await writeFile(
    join(installed.directory, "strongroom.toml"),
    `[storage]
engineModules = ["./sqlite-cache/sqlite-engine.ts"]
[storage.hot]
engine = "sqlite"
[storage.hot.sqlite]
file = "data/cache.sqlite"
`,
  );
});
afterAll(() => installed[Symbol.asyncDispose]());

/** A process with a store of the engine over a file of the project; `work` prints lines. */
function withStore(work: string) {
  const module = pathToFileURL(join(installed.directory, "sqlite-cache/sqlite-engine.ts")).href;
  return startProgram(`
    const { engines: [engine] } = await import(${JSON.stringify(module)});
    const settings = engine.settings.parse({
      file: ${JSON.stringify(join(installed.directory, "shared.sqlite"))}, busyTimeoutMs: 5_000,
    });
    const clock = { now: () => new Date().toISOString() };
    const store = await engine.open({ settings, defaultTtlMs: 60_000, clock });
    const print = (value) => console.log(JSON.stringify(value));
    ${work}
  `);
}

async function printed(program: { lines: AsyncIterator<string>; errors(): string }): Promise<unknown> {
  const { value, done } = await program.lines.next();
  return done ? expect.fail(`it printed nothing: ${program.errors()}`) : JSON.parse(value);
}

describe("an engine from outside, with the package installed", () => {
  it("is opened by several processes at once, and nothing is lost between them", async () => {
    const count = `
      let last;
      for (let i = 0; i < 300; i++) last = (await store.increment("n")).value;
      print(last);
      await store[Symbol.asyncDispose]();`;
    const programs = await Promise.all([count, count, count].map(withStore));
    const last = (await Promise.all(programs.map(printed))) as number[];
    expect(Math.max(...last)).toBe(900);
    expect(await Promise.all(programs.map((program) => program.exit()))).toEqual([0, 0, 0]);
    expect(programs.map((program) => program.errors())).toEqual(["", "", ""]);
  });

  it("keeps what it acknowledged when its process is killed", async () => {
    await using killed = await withStore(`
      await store.set("k", { a: 1 });
      await store.set("gone", 1);
      await store.remove("gone");
      print("done");
      setInterval(() => undefined, 1_000);`);
    expect(await printed(killed)).toBe("done");
    killed.send("SIGKILL");
    await killed.exit();
    await using after = await withStore(`print([await store.get("k"), (await store.get("gone")).hit]);`);
    expect(await printed(after)).toEqual([{ hit: true, value: { a: 1 } }, false]);
  });

  it("serves as the hot tier of a vault whose configuration names it", async () => {
    await using serving = await serve({ directory: installed.directory, main: installed.main });
    const ready = await fetch(`${serving.url}/ready`);
    expect(await ready.json()).toMatchObject({
      tiers: expect.arrayContaining([expect.objectContaining({ tier: "hot", engine: "sqlite", status: "up" })]),
    });
    const headers = { authorization: `Bearer ${serving.generatedKey}`, "content-type": "application/json" };
    const body = JSON.stringify({ channelIdentity: { channel: "webchat", channelUserId: "visitor" } });
    const created = await fetch(`${serving.url}/v1/customers`, { method: "POST", headers, body });
    const { customerId } = (await created.json()) as { customerId: string };
    expect((await fetch(`${serving.url}/v1/customers/${customerId}`, { headers })).status).toBe(200);
    expect(cachedKeys().some((key) => key.includes(customerId))).toBe(true);
    serving.program.send("SIGTERM");
    expect(await serving.program.exit()).toBe(0);
    expect(serving.program.errors()).not.toContain("ExperimentalWarning");
  }, 120_000);
});

function cachedKeys(): string[] {
  const database = new DatabaseSync(join(installed.directory, "data/cache.sqlite"), { readOnly: true });
  const rows = database.prepare("select key from entries").all();
  database.close();
  return rows.map(({ key }) => String(key));
}
