import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ChildProgram, startProgram } from "../../testing/child-program.ts";
import { ownIdentity } from "../process-identity.ts";
import { DataDirectoryLock, LOCK_FILE } from "./data-directory-lock.ts";

const HEARTBEAT_MS = 100;

/** Takes the lock, says how that went, and holds it for as long as it lives. */
const HOLDER = `
  import { DataDirectoryLock } from ${JSON.stringify(new URL("./data-directory-lock.ts", import.meta.url).href)};
  try {
    await DataDirectoryLock.acquire(process.argv[2]);
    console.log("held");
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.code + " " + error.details.pid);
  }
`;

let directory: string;
let children: ChildProgram[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-lock-"));
  children = [];
});
afterEach(async () => {
  for (const child of children) await child[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

async function startHolder(): Promise<ChildProgram> {
  const child = await startProgram(HOLDER, [directory]);
  children.push(child);
  return child;
}
async function nextLine(child: ChildProgram): Promise<string | undefined> {
  return (await child.lines.next()).value as string | undefined;
}
async function startKilledHolder(): Promise<ChildProgram> {
  const child = await startHolder();
  expect(await nextLine(child)).toBe("held");
  child.send("SIGKILL");
  expect(await child.exit()).toBe("SIGKILL");
  return child;
}
function lockFiles(): Promise<string[]> {
  return readdir(directory);
}
async function forgeLock(holder: object): Promise<void> {
  await writeFile(join(directory, LOCK_FILE), JSON.stringify({ token: "forged", ...holder }));
}

describe("DataDirectoryLock", () => {
  it("makes the directory, and leaves nothing behind when it is released", async () => {
    directory = join(directory, "new", "data");
    const lock = await DataDirectoryLock.acquire(directory);
    expect(await lockFiles()).toEqual([LOCK_FILE]);
    await lock[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
    expect(await lockFiles()).toEqual([]);
    await using _again = await DataDirectoryLock.acquire(directory);
  });

  it("refuses a second holder in the same process", async () => {
    await using _lock = await DataDirectoryLock.acquire(directory);
    await expect(DataDirectoryLock.acquire(directory)).rejects.toMatchObject({
      code: "data_directory_in_use",
      details: { pid: process.pid },
    });
    expect(await lockFiles()).toEqual([LOCK_FILE]);
  });

  it("refuses a second process and names the first", async () => {
    const holder = await startHolder();
    expect(await nextLine(holder)).toBe("held");
    await expect(DataDirectoryLock.acquire(directory)).rejects.toMatchObject({
      code: "data_directory_in_use",
      message: expect.stringContaining(String(holder.pid)),
      details: { pid: holder.pid },
    });
    const other = await startHolder();
    expect(await nextLine(other)).toBe(`data_directory_in_use ${holder.pid}`);
    expect(await other.exit()).toBe(0);
  });

  it("takes over from a killed process", async () => {
    await startKilledHolder();
    expect(await lockFiles()).toEqual([LOCK_FILE]);
    await using _lock = await DataDirectoryLock.acquire(directory);
    expect(JSON.parse(await readFile(join(directory, LOCK_FILE), "utf8"))).toMatchObject({ pid: process.pid });
    expect(await lockFiles()).toEqual([LOCK_FILE]);
  });

  it("has one winner among starters that race for the lock of a killed process", async () => {
    for (let round = 0; round < 3; round++) {
      await startKilledHolder();
      const starters = await Promise.all(Array.from({ length: 6 }, startHolder));
      const outcomes = await Promise.all(starters.map(nextLine));
      expect(outcomes.filter((outcome) => outcome === "held")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome?.startsWith("data_directory_in_use"))).toHaveLength(5);
      for (const starter of starters) await starter[Symbol.asyncDispose]();
    }
  });

  it("has one winner among racing starters in one process, over and over", async () => {
    for (let round = 0; round < 50; round++) {
      await forgeLock({ ...ownIdentity(), startTicks: "1" });
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => DataDirectoryLock.acquire(directory)));
      const winners = outcomes.filter((outcome) => outcome.status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect(await lockFiles()).toEqual([LOCK_FILE]);
      await winners[0]?.value[Symbol.asyncDispose]();
    }
  });

  it("takes over when a process was killed while it took over", async () => {
    const dead = { ...ownIdentity(), startTicks: "1" };
    await forgeLock(dead);
    await writeFile(join(directory, `${LOCK_FILE}.forged`), JSON.stringify({ ...dead, token: "claim" }));
    await using _lock = await DataDirectoryLock.acquire(directory);
    expect(await lockFiles()).toEqual([LOCK_FILE]);
  });

  it("is not fooled by a pid that belongs to another process by now", async () => {
    await forgeLock({ ...ownIdentity(), startTicks: "1" });
    await using _lock = await DataDirectoryLock.acquire(directory);
  });

  describe("whose holder cannot be looked up, because it runs in another container", () => {
    const elsewhere = { pid: 1, startTicks: "1", namespace: "another boot pid:[1]" };

    it("is respected while the holder shows that it lives", async () => {
      await forgeLock(elsewhere);
      let beats = 0;
      const heartbeat = setInterval(() => void utimes(join(directory, LOCK_FILE), ++beats, beats), HEARTBEAT_MS / 4);
      await expect(DataDirectoryLock.acquire(directory, HEARTBEAT_MS)).rejects.toMatchObject({
        code: "data_directory_in_use",
        details: { pid: 1 },
      });
      clearInterval(heartbeat);
    });

    it("is taken over when it does not", async () => {
      await forgeLock(elsewhere);
      await using _lock = await DataDirectoryLock.acquire(directory, HEARTBEAT_MS);
      expect(JSON.parse(await readFile(join(directory, LOCK_FILE), "utf8"))).toMatchObject({ pid: process.pid });
    });

    it("shows in turn that it lives", async () => {
      await using _lock = await DataDirectoryLock.acquire(directory, HEARTBEAT_MS);
      const path = join(directory, LOCK_FILE);
      const own = JSON.parse(await readFile(path, "utf8")) as object;
      // As another container sees it.
      await writeFile(path, JSON.stringify({ ...own, namespace: "another boot pid:[1]" }));
      await expect(DataDirectoryLock.acquire(directory, HEARTBEAT_MS)).rejects.toMatchObject({
        code: "data_directory_in_use",
      });
    });
  });

  it("takes over a file that is no lock and that nobody touches", async () => {
    await writeFile(join(directory, LOCK_FILE), "");
    await using _lock = await DataDirectoryLock.acquire(directory, HEARTBEAT_MS);
  });

  it("says so when the directory cannot be made", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await expect(DataDirectoryLock.acquire(join(file, "data"))).rejects.toMatchObject({ code: "unsupported" });
  });
});
