import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededIds } from "../testing/seeded-ids.ts";
import { loadMasterKeyFile } from "./master-key-file.ts";

describe("the master key of a data directory", () => {
  const ids = seededIds(5);
  let parent: string;
  let directory: string;
  let file: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "strongroom-master-key-"));
    directory = join(parent, "data");
    file = join(directory, "master.key");
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  const load = (isInUse = false) => loadMasterKeyFile(directory, { ids, isKeyInUse: () => Promise.resolve(isInUse) });

  it("is made once, for the eyes of its owner, and found again", async () => {
    const key = await load();
    expect(key).toHaveLength(32);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toBe(`${Buffer.from(key).toString("hex")}\n`);
    expect(Buffer.from(await load(true))).toEqual(Buffer.from(key));
  });

  it("is one, however many processes of the vault start at once", async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => load()));
    const [first] = keys.map((key) => Buffer.from(key).toString("hex"));
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex")))).toEqual(new Set([first]));
    expect(await readFile(file, "utf8")).toBe(`${first}\n`);
    expect(await readdir(directory)).toEqual(["master.key"]);
  });

  it("leaves no draft of a process that was killed", async () => {
    const key = await load();
    const draft = `${file}.${ids.uuid()}`;
    await link(file, draft);
    await writeFile(`${file}.backup`, "mine");
    expect(Buffer.from(await load(true))).toEqual(Buffer.from(key));
    expect((await readdir(directory)).sort()).toEqual(["master.key", "master.key.backup"]);
  });

  it("is found although there is something that cannot be cleared away", async () => {
    const key = await load();
    await mkdir(`${file}.${ids.uuid()}`);
    expect(Buffer.from(await load(true))).toEqual(Buffer.from(key));
  });

  it("is not made where it cannot be kept", async () => {
    await writeFile(directory, "no directory");
    await expect(load()).rejects.toMatchObject({ code: "master_key_missing" });
    await rm(directory);
    expect(await load()).toHaveLength(32);
  });

  it("is told to be lost while keys are in use, and not made anew", async () => {
    await load();
    await rm(file);
    await expect(load(true)).rejects.toMatchObject({ code: "master_key_missing" });
    await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each(["", "5a", "5A".repeat(32), `${"5a".repeat(32)}00`, "x".repeat(64)])(
    "is refused when damaged: %j",
    async (text) => {
      await load();
      await writeFile(file, text);
      for (const isInUse of [true, false]) {
        await expect(load(isInUse)).rejects.toMatchObject({ code: "master_key_missing" });
      }
      expect(await readFile(file, "utf8")).toBe(text);
    },
  );
});
