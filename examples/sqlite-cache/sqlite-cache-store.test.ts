import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheStoreContract, ManualClock } from "strongroom/testing";
import { afterAll } from "vitest";
import { SqliteCacheStore } from "./sqlite-cache-store.ts";

const directory = mkdtempSync(join(tmpdir(), "strongroom-sqlite-"));
afterAll(() => rmSync(directory, { recursive: true }));

cacheStoreContract("SQLite", async ({ defaultTtlMs = 900_000 }) => {
  const path = join(directory, randomUUID());
  const clock = new ManualClock();
  const open = () =>
    new SqliteCacheStore({
      file: path,
      busyTimeoutMs: 25,
      entriesMax: 50_000,
      bytesMax: 128 * 1024 * 1024,
      defaultTtlMs,
      clock,
    });
  const store = open();
  return {
    store,
    elapse: (ms) => void clock.advance(ms),
    another: async () => open(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});
