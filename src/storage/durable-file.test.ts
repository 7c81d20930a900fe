import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { flushTree, makeDurableDirectory, writeDurableFile } from "./durable-file.ts";

let root: string;
let path: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "strongroom-durable-"));
  path = join(root, "made", "for", "it");
});
afterAll(() => rm(root, { recursive: true }));

const write = (content: string | AsyncIterable<Uint8Array>, writer = "a") =>
  writeDurableFile({ path, temporary: `${path}.${writer}`, content });

it("makes the directories, and lets only the owner read", async () => {
  await write("first");
  expect(await readFile(path, "utf8")).toBe("first");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, "made"))).mode & 0o777).toBe(0o700);
});

it("takes bytes as they come", async () => {
  await write(
    (async function* parts() {
      yield Buffer.from("in ");
      yield Buffer.from("parts");
    })(),
  );
  expect(await readFile(path, "utf8")).toBe("in parts");
});

it("leaves what was there, and nothing else, when the content ends early", async () => {
  async function* breaksOff() {
    yield Buffer.from("half");
    throw new Error("broken off");
  }
  await expect(write(breaksOff())).rejects.toThrow("broken off");
  expect(await readFile(path, "utf8")).toBe("in parts");
  expect(await readdir(join(root, "made", "for"))).toEqual(["it"]);
});

it("lets writers of one file each write all of theirs", async () => {
  const contents = ["a", "b", "c", "d"].map((writer) => writer.repeat(100_000));
  await Promise.all(contents.map((content) => write(content, content.charAt(0))));
  expect(contents).toContain(await readFile(path, "utf8"));
  expect(await readdir(join(root, "made", "for"))).toEqual(["it"]);
});

it("refuses a temporary name that somebody else writes to, and leaves it", async () => {
  const other = join(root, "other");
  await writeDurableFile({ path: other, temporary: `${other}.part`, content: "theirs" });
  await expect(writeDurableFile({ path, temporary: other, content: "mine" })).rejects.toMatchObject({ code: "EEXIST" });
  expect(await readFile(other, "utf8")).toBe("theirs");
});

it("makes a directory that is there already, and flushes whatever is in one", async () => {
  await makeDurableDirectory(root);
  await makeDurableDirectory(join(root, "tree", "of", "many"));
  const files = Array.from({ length: 200 }, (_, index) => join(root, "tree", "of", `${index}`));
  await Promise.all(files.map((file) => writeFile(file, "x")));
  await symlink("nowhere", join(root, "tree", "link"));
  await flushTree(join(root, "tree"));
  expect((await stat(join(root, "tree", "of", "many"))).mode & 0o777).toBe(0o700);
  await expect(flushTree(join(root, "not-there"))).rejects.toMatchObject({ code: "ENOENT" });
});
