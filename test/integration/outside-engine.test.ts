import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { StorageEngine } from "../../src/storage/engine.ts";
import { ROOT, repositoryPaths } from "../architecture/repository.ts";
import { readSourceFiles, specifiersOf } from "../architecture/source-file.ts";

const workingDirectory = fileURLToPath(new URL("../../examples/sqlite-cache", import.meta.url));

it("imports nothing of the vault but the package", () => {
  const paths = repositoryPaths().filter((path) => /^examples\/sqlite-cache\/.*\.ts$/.test(path));
  const specifiers = readSourceFiles(ROOT, paths).flatMap(({ text }) => specifiersOf(text));
  expect(specifiers).toContain("strongroom/storage");
  expect(
    specifiers.filter((specifier) => !/^(?:\.\/[^/]+\.ts$|node:|strongroom\/|zod$|vitest$)/.test(specifier)),
  ).toEqual([]);
});

it("brings an engine by the configuration alone, with its settings, and opens it", async () => {
  const { config, engines, sources } = await loadConfig({ workingDirectory, environment: {} });
  expect(config.storage.hot).toMatchObject({
    engine: "sqlite",
    sqlite: { file: "data/cache.sqlite", entriesMax: 50_000, busyTimeoutMs: 25 },
  });
  expect(sources.get("storage.hot.sqlite.file")).toBe("strongroom.toml");
  const engine = engines.find(({ name }) => name === "sqlite") as StorageEngine;
  if (engine.tier !== "hot") return expect.fail("it is an engine of the hot tier");
  const directory = await mkdtemp(join(tmpdir(), "strongroom-outside-"));
  try {
    const { sqlite } = config.storage.hot as { sqlite?: object };
    const settings = { ...sqlite, file: join(directory, "cache.sqlite") };
    const shared = () => expect.fail("it has no client to share");
    await using store = await engine.open({ settings, defaultTtlMs: 900_000, clock: systemClock, shared });
    await store.set("k", 1);
    expect(await store.get("k")).toEqual({ hit: true, value: 1 });
  } finally {
    await rm(directory, { recursive: true });
  }
});

it("reports a mistake in its settings like one in the vault's own", async () => {
  const environment = { STRONGROOM__STORAGE__HOT__SQLITE__ENTRIES_MAX: "0" };
  await expect(loadConfig({ workingDirectory, environment })).rejects.toMatchObject({
    code: "invalid_configuration",
    errors: [expect.objectContaining({ path: "/storage/hot/sqlite/entriesMax", code: "too_small" })],
  });
});
