import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NODE_SIGNATURE_SUITES } from "../../signatures/node-signature-suites.ts";
import { FileLock } from "../../storage/file-lock.ts";
import { type ChildProgram, startProgram } from "../../testing/child-program.ts";
import { ledgerOf } from "../../testing/ledger-chain.ts";
import { FileTrustStore } from "./file-trust-store.ts";
import { LocalSeal } from "./local-seal.ts";
import type { PinnedCheckpoint } from "./pin-rules.ts";
import { PinnedCheckpoints } from "./pinned-checkpoints.ts";

const { registerId, charter } = ledgerOf("pins", [1]);
const FILE = `${registerId}.checkpoints`;

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-pins-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function sealOf(seed: number): LocalSeal {
  const suite = NODE_SIGNATURE_SUITES.find("ed25519") ?? expect.fail("Node computes Ed25519");
  return new LocalSeal(suite, new Uint8Array(32).fill(seed));
}

/** As another process opens them, unless told over which store. */
function open(store = new FileTrustStore(directory), seed = 1): Promise<PinnedCheckpoints> {
  return PinnedCheckpoints.open({ store, seal: sealOf(seed), registerId });
}

/** @param log which of several logs it is of */
function checkpoint(size: number, log = 0): PinnedCheckpoint {
  const root = new Uint8Array(32).fill(log);
  root[31] = size % 256;
  return { size: BigInt(size), root, note: `${size} of log ${log}` };
}

async function sizesInFile(): Promise<readonly number[]> {
  return (await open()).all.map(({ size }) => Number(size));
}

function bytesOfFile(): Promise<string> {
  return readFile(join(directory, FILE), "utf8");
}

describe("pinned checkpoints of several processes", () => {
  it("are all kept, whoever knew of which", async () => {
    const store = new FileTrustStore(directory);
    await (await open(store)).pin(checkpoint(2));
    const [a, b] = [await open(store), await open(store)];
    await b.pin(checkpoint(5));
    await b.pin(checkpoint(10));
    // Shorter than what is pinned by now.
    await a.pin(checkpoint(6));
    expect(await sizesInFile()).toEqual([2, 5, 10]);
    expect(a.newest).toEqual(checkpoint(10));
    await a.keepCharter(charter);
    await a.pin(checkpoint(12));
    await b.pin(checkpoint(14));
    expect(await sizesInFile()).toEqual([2, 5, 10, 12, 14]);
    expect((await open()).charter).toEqual(charter);
    expect(b.all).toEqual([2, 5, 10, 12, 14].map((size) => checkpoint(size)));
  });

  it("come back when the file was removed", async () => {
    const a = await open();
    await a.keepCharter(charter);
    for (const size of [3, 7]) await a.pin(checkpoint(size));
    await rm(join(directory, FILE));
    await a.pin(checkpoint(9));
    expect(await sizesInFile()).toEqual([3, 7, 9]);
    expect((await open()).charter).toEqual(charter);
  });

  it("are an alarm when two of one size differ, and the first one stays", async () => {
    const [a, b] = [await open(), await open()];
    await b.pin(checkpoint(5));
    await b.pin(checkpoint(8));
    const before = await bytesOfFile();
    for (const size of [8, 5, 8]) {
      await expect(a.pin(checkpoint(size, 1))).rejects.toMatchObject({
        code: "integrity_violation",
        details: { contradictedSize: String(size) },
      });
      // What it is held to from now on.
      expect(a.all).toEqual([checkpoint(5), checkpoint(8)]);
      expect(await bytesOfFile()).toBe(before);
    }
    await expect(b.pin(checkpoint(8, 1))).rejects.toMatchObject({ code: "integrity_violation" });
    await b.pin({ ...checkpoint(8), note: "signed once more" });
    expect(await bytesOfFile()).toBe(before);
  });

  it("are an alarm when the file says something else than is known", async () => {
    const a = await open();
    for (const size of [4, 6]) await a.pin(checkpoint(size));
    await rm(join(directory, FILE));
    await (await open()).pin(checkpoint(4, 1));
    const before = await bytesOfFile();
    await expect(a.pin(checkpoint(9))).rejects.toMatchObject({ details: { contradictedSize: "4" } });
    expect(await bytesOfFile()).toBe(before);
    expect(a.all).toEqual([checkpoint(4, 1)]);
  });

  it("are not written over those of another vault, or over what is none", async () => {
    const a = await open();
    await a.pin(checkpoint(1));
    for (const text of ["", "{}\n", await sealedByAnother()]) {
      await writeFile(join(directory, FILE), text);
      await expect(a.pin(checkpoint(2))).rejects.toMatchObject({ code: "integrity_violation" });
      expect(await bytesOfFile()).toBe(text);
    }
  });

  async function sealedByAnother(): Promise<string> {
    await rm(join(directory, FILE));
    await (await open(undefined, 2)).pin(checkpoint(7));
    return await bytesOfFile();
  }

  it("reach back to the beginning, however many there were", async () => {
    const a = await open();
    for (let size = 1; size <= 200; size++) await a.pin(checkpoint(size));
    const sizes = await sizesInFile();
    expect(sizes).toHaveLength(128);
    expect(sizes[0]).toBe(1);
    expect(sizes.slice(-16)).toEqual(Array.from({ length: 16 }, (_, at) => 185 + at));
  });

  it("never end earlier than one that was pinned, however many pin at once", async () => {
    const stores = [new FileTrustStore(directory), new FileTrustStore(directory)];
    const pinners = await Promise.all([0, 1, 2, 3].map((at) => open(stores[at % 2])));
    await Promise.all(
      pinners.map(async (pins, at) => {
        for (let size = at + 1; size <= 100; size += pinners.length) {
          await pins.pin(checkpoint(size));
          expect((await sizesInFile()).at(-1)).toBeGreaterThanOrEqual(size);
        }
      }),
    );
    expect((await sizesInFile()).at(-1)).toBe(100);
    expect(new Set(pinners.map(({ newest }) => newest?.size))).toContain(100n);
    expect(await readdir(directory)).toEqual([FILE]);
  });
});

/** Pins every second size of a range, in a process of its own, and says whenever the file ends before one that it has pinned. */
const PINNER = `
  const load = (name) => import(new URL(name, ${JSON.stringify(import.meta.url)}).href);
  const [{ FileTrustStore }, { LocalSeal }, { PinnedCheckpoints }, { NODE_SIGNATURE_SUITES }] = await Promise.all([
    load("./file-trust-store.ts"),
    load("./local-seal.ts"),
    load("./pinned-checkpoints.ts"),
    load("../../signatures/node-signature-suites.ts"),
  ]);
  const [directory, registerId, first, last] = process.argv.slice(2);
  const seal = new LocalSeal(NODE_SIGNATURE_SUITES.find("ed25519"), new Uint8Array(32).fill(1));
  const open = () => PinnedCheckpoints.open({ store: new FileTrustStore(directory), seal, registerId });
  const pins = await open();
  console.log("ready");
  let lost = 0;
  for (let size = Number(first); size <= Number(last); size += 2) {
    const root = new Uint8Array(32);
    root[31] = size % 256;
    await pins.pin({ size: BigInt(size), root, note: size + " of log 0" });
    if ((await open()).newest.size < BigInt(size)) lost += 1;
  }
  console.log("lost " + lost);
`;

describe("pinned checkpoints of two programs", () => {
  let children: ChildProgram[];

  beforeEach(() => {
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await child[Symbol.asyncDispose]();
  });

  async function start(first: number, last: number): Promise<ChildProgram> {
    const child = await startProgram(PINNER, [directory, registerId, String(first), String(last)]);
    children.push(child);
    return child;
  }

  async function line(child: ChildProgram): Promise<unknown> {
    return (await child.lines.next()).value ?? child.errors();
  }

  it("are all there in the end", async () => {
    await (await open()).pin(checkpoint(1));
    const programs = await Promise.all([start(2, 120), start(3, 121)]);
    expect(await Promise.all(programs.map(line))).toEqual(["ready", "ready"]);
    expect(await Promise.all(programs.map(line))).toEqual(["lost 0", "lost 0"]);
    const sizes = await sizesInFile();
    expect(sizes[0]).toBe(1);
    expect(sizes.at(-1)).toBe(121);
    expect(await readdir(directory)).toEqual([FILE]);
  });

  it("go on after one was killed in the middle of it", async () => {
    const victim = await start(2, 1_000_000);
    expect(await line(victim)).toBe("ready");
    const pins = await open();
    while ((await sizesInFile()).length < 20) await new Promise(setImmediate);
    victim.send("SIGKILL");
    expect(await victim.exit()).toBe("SIGKILL");
    await pins.pin(checkpoint(2_000_001));
    expect((await sizesInFile()).at(-1)).toBe(2_000_001);
  });
});

describe("an update of a trusted text", () => {
  it("gives up when another process does not come to its end, and leaves the text as it is", async () => {
    const store = new FileTrustStore(directory, 0);
    await store.write("text", "before");
    const outcome = await FileLock.take(join(directory, "text.lock"));
    const lock = "lock" in outcome ? outcome.lock : expect.fail("nobody else has it");
    await expect(store.update("text", () => "after")).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await store.read("text")).toBe("before");
    await lock[Symbol.asyncDispose]();
    await store.update("text", (text) => `${text} and after`);
    expect(await store.read("text")).toBe("before and after");
  });

  it("leaves the text as it is when there is nothing to be changed, or the change fails", async () => {
    const store = new FileTrustStore(directory);
    await store.update("text", (text) => {
      expect(text).toBeUndefined();
      return undefined;
    });
    expect(await readdir(directory)).toEqual([]);
    const failure = new RangeError("no");
    const failing = store.update("text", () => {
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    await store.update("text", () => "there");
    expect(await readdir(directory)).toEqual(["text"]);
  });
});
