import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TenantId } from "../../src/identifiers.ts";
import type { CustomerLookup } from "../../src/profiles/profile-store.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { cachedEngine } from "../../src/testing/cached-engine.ts";
import { newId } from "../../src/testing/profile-records.ts";
import { type RecordedCache, recordedCache } from "../../src/testing/recorded-cache.ts";
import { inMemoryEngine } from "../contract/engines.ts";
import { commands } from "./profile-commands.ts";
import { canonical, observe } from "./profile-observation.ts";
import { type ProfileRun, RunnableVault, SECRET } from "./profile-run.ts";

const RUNS = Number(process.env["STRONGROOM_PROPERTY_RUNS"] ?? 100);
const SEED = Number(process.env["STRONGROOM_PROPERTY_SEED"] ?? 20260303);

describe("profiles behind a cache", () => {
  let model: RunnableVault;
  let cached: RunnableVault;
  let recorded: RecordedCache;
  const store = new InMemoryCacheStore();

  beforeAll(async () => {
    recorded = recordedCache(store);
    model = new RunnableVault(await inMemoryEngine());
    cached = new RunnableVault(cachedEngine(await inMemoryEngine(), recorded.cache));
  });
  afterAll(async () => {
    for (const vault of [model, cached]) await vault.engine[Symbol.asyncDispose]();
  });

  it("are the same by every lookup after each step, and keep secrets", { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(commands, async (steps) => {
      const tenantId = newId<TenantId>();
      const [expected, actual] = [await model.start(tenantId, 11), await cached.start(tenantId, 11)];
      for (const step of steps) {
        const [wanted, got] = [await expected.execute(step), await actual.execute(step)];
        if (canonical(wanted) !== canonical(got)) expect({ step, got }).toEqual({ step, got: wanted });
        // Twice, so that what the first reading kept is seen.
        for (const _ of [1, 2]) {
          const [fresh, kept] = [await current(expected), await current(actual)];
          if (canonical(fresh) !== canonical(kept)) expect({ step, kept }).toEqual({ step, kept: fresh });
        }
      }
      expect(canonical(await observe(actual))).toBe(canonical(await observe(expected)));
    });
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
    expect(recorded.everHeld(SECRET)).toBe(false);
    // Else it was not the cache that answered.
    expect(store.statistics().hitRate).toBeGreaterThan(0.5);
  });
});

const KEYS: readonly CustomerLookup[] = [
  ...["x", "y", "z"].map((externalId) => ({ by: "externalId", externalId }) as const),
  ...[0, 1, 2, 3, 4, 5].map(
    (user) => ({ by: "identity", channel: user % 2 ? "webchat" : "whatsapp", channelUserId: `user-${user}` }) as const,
  ),
];

async function current({ customers, tenant }: ProfileRun): Promise<unknown[]> {
  const lookups = [...KEYS, ...customers.map((customerId) => ({ by: "id", customerId }) as const)];
  return Promise.all(lookups.map((lookup) => tenant.profiles.findProfile(lookup, "active")));
}
