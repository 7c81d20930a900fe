import { defineEngine } from "strongroom/storage";
import { z } from "zod";
import { SqliteCacheStore } from "./sqlite-cache-store.ts";

const MIB = 1024 * 1024;

const settings = z.strictObject({
  file: z.string().min(1).describe("File of the cache. Processes of one machine may share it."),
  entriesMax: z.int().min(1).max(10_000_000).default(50_000).describe("Entries that are kept at most, and counters."),
  bytesMax: z
    .int()
    .min(MIB)
    .default(128 * MIB)
    .describe("Room for entries, by the bytes of their keys and JSON."),
  busyTimeoutMs: z.int().min(1).max(10_000).default(25).describe("Deadline for other processes to finish writing."),
});

/** What the vault reads of this module. */
export const engines = [
  defineEngine({
    tier: "hot",
    name: "sqlite",
    settings,
    secrets: [],
    isVolatile: false,
    open: async ({ settings: own, defaultTtlMs, clock }) => new SqliteCacheStore({ ...own, defaultTtlMs, clock }),
  }),
];
