import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlobStore } from "./blob-store.ts";
import { FileBlobStore } from "./file-blob-store.ts";
import { InMemoryBlobStore } from "./in-memory-blob-store.ts";

const LIMITS = { sizeBytesMax: 10 };
const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-blobs-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const ENGINES: readonly [string, () => BlobStore][] = [
  ["files", () => new FileBlobStore(directory)],
  ["memory", () => new InMemoryBlobStore()],
];

describe.each(ENGINES)("blob store on %s", (engine, open) => {
  const key = (name: string): string => `${engine}/${name}`;
  const bytes = (...texts: string[]): Readable => Readable.from(texts.map((text) => Buffer.from(text)));
  const keysOf = async (blobs: BlobStore): Promise<string[]> => {
    const keys: string[] = [];
    for await (const each of blobs.list(engine)) keys.push(each);
    return keys.toSorted((a, b) => (a < b ? -1 : 1));
  };

  it("keeps bytes and tells their size and SHA-256", async () => {
    await using blobs = open();
    expect(await blobs.put(key("a"), bytes("a", "bc"), LIMITS)).toEqual({ sizeBytes: 3, checksum: SHA256_OF_ABC });
    const stream = await blobs.get(key("a"));
    expect(stream && (await buffer(stream)).toString()).toBe("abc");
    expect(await blobs.delete(key("a"))).toBe(true);
    expect(await blobs.delete(key("a"))).toBe(false);
    expect(await blobs.get(key("a"))).toBeUndefined();
  });

  it("leaves nothing of bytes beyond the limit or of a sender that fails", async () => {
    await using blobs = open();
    await expect(blobs.put(key("b"), bytes("12345678901"), LIMITS)).rejects.toMatchObject({
      code: "payload_too_large",
    });
    const failing = Readable.from(
      (function* () {
        yield Buffer.from("half");
        throw new Error("gone");
      })(),
    );
    await expect(blobs.put(key("c"), failing, LIMITS)).rejects.toThrow("gone");
    expect(await keysOf(blobs)).toEqual([]);
  });

  it("lists the keys below a prefix and nothing for an unknown one", async () => {
    await using blobs = open();
    await blobs.put(key("d"), bytes("d"), LIMITS);
    await blobs.put(key("e"), bytes("e"), LIMITS);
    expect(await keysOf(blobs)).toEqual([key("d"), key("e")]);
    for await (const each of blobs.list("nobody")) expect.unreachable(each);
    await blobs.delete(key("d"));
    await blobs.delete(key("e"));
  });
});

it("lists and deletes what an interrupted put left", async () => {
  const blobs = new FileBlobStore(directory);
  await blobs.put("left/x", Readable.from([Buffer.from("x")]), LIMITS);
  await writeFile(join(directory, "left", "y.part"), "half");
  const keys: string[] = [];
  for await (const each of blobs.list("left")) keys.push(each);
  expect(keys.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["left/x", "left/y"]);
  await blobs.delete("left/y");
  expect(await readdir(join(directory, "left"))).toEqual(["x"]);
});
