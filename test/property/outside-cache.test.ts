import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SqliteCacheStore } from "../../examples/sqlite-cache/sqlite-cache-store.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { CacheCaller, type CacheStep, cacheSteps } from "./cache-steps.ts";

/** More runs and other seeds look further; these are what every change is checked with. */
const RUNS = Number(process.env["STRONGROOM_PROPERTY_RUNS"] ?? 100);
const SEED = Number(process.env["STRONGROOM_PROPERTY_SEED"] ?? 20260303);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "strongroom-cache-"));
});
afterAll(() => rm(directory, { recursive: true }));

it("two stores on one file answer as the one in memory does", { timeout: 300_000 }, async () => {
  const seen = new Set<string>();
  let runs = 0;
  const property = fc.asyncProperty(cacheSteps, async (steps) => {
    const clock = new ManualClock();
    const file = join(directory, `${runs++}.sqlite`);
    const limits = { entriesMax: 1_000, bytesMax: 1_000_000, busyTimeoutMs: 1_000, defaultTtlMs: 10 };
    await using first = new SqliteCacheStore({ ...limits, file, clock });
    await using second = new SqliteCacheStore({ ...limits, file, clock });
    await using memory = new InMemoryCacheStore({ nowMs: () => Date.parse(clock.now()), defaultTtlMs: 10 });
    const shared = new CacheCaller([first, second], (ms) => void clock.advance(ms));
    const model = new CacheCaller([memory], () => undefined);
    for (const [index, { step, store }] of steps.entries()) {
      const [answer, expected] = [await shared.take(step, store), await model.take(step, 0)];
      expect({ index, step, answer }).toEqual({ index, step, answer: expected });
      seen.add(kindOf(step, answer));
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: RUNS });
  expect([...seen]).toEqual(expect.arrayContaining(["get hit", "get miss", ...OUTCOMES]));
});

const OUTCOMES = ["setUnderLease stored", "setUnderLease refused", "increment", "increment refused", "removeByTag"];

function kindOf({ kind }: CacheStep, answer: unknown): string {
  if (kind === "get") return (answer as { hit: boolean }).hit ? "get hit" : "get miss";
  if (kind === "setUnderLease") return `setUnderLease ${String(answer)}`;
  return typeof answer === "object" && answer !== null && "refused" in answer ? `${kind} refused` : kind;
}
