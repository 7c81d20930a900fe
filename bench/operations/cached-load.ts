import { deepStrictEqual } from "node:assert/strict";
import { LRUCache } from "lru-cache";
import { parseConfig } from "../../src/config/load-config.ts";
import type { CustomerId } from "../../src/identifiers.ts";
import type { ProfileRecord } from "../../src/profiles/customer.ts";
import { CachedReads } from "../../src/storage/cache/cached-reads.ts";
import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { cachedStores } from "../../src/vault/cached-stores.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";
import { assembleVault } from "../../src/vault.ts";
import { median, quantile } from "../race.ts";
import { atMost, type Effort, type Line, type Section } from "../section.ts";
import { makeWorld } from "../world.ts";

const CUSTOMERS = 100;
const CALLS_PER_LAP = 20_000;
const LATENCY_SAMPLES = 20_000;
const GOAL_MS = 0.0005;
const MASTER_KEY = "5a".repeat(32);

interface Contestant {
  readonly name: string;
  readonly call: (index: number) => unknown;
  readonly isSubject?: boolean;
}

/** A profile that the cache of this process holds, metrics on, against the cache that anybody could use instead. */
export async function cachedLoad(effort: Effort): Promise<Section[]> {
  await using stack = new AsyncDisposableStack();
  const telemetry = stack.use(createTelemetry({ level: "warn", format: "json" }));
  const cache = stack.use(new InMemoryCacheStore());
  const stores = inMemoryStores(new InMemoryDatabase());
  const config = parseConfig({ masterKey: MASTER_KEY });
  const vault = stack.use(await assembleVault(config, stores, { cache, events: telemetry.events }));
  const services = vault.tenant(vault.defaultTenantId);
  const { customerIds } = await makeWorld(services, { customers: CUSTOMERS, chains: 0 });
  const reads = new CachedReads({ cache, fallbackOnError: true, events: telemetry.events });
  const { profiles } = cachedStores(stores, reads, config).forTenant(vault.defaultTenantId);
  const customerOf = (index: number) => customerIds[index % CUSTOMERS] as CustomerId;
  const bare = new LRUCache<string, ProfileRecord>({ max: 50_000 });
  for (const [index, customerId] of customerIds.entries()) {
    const profile = await profiles.findProfile({ by: "id", customerId }, "active");
    if (!profile) throw new Error("a customer that was made is gone");
    await profiles.findProfile(identityOf(index), "active");
    bare.set(`profile:${customerId}`, profile);
    deepStrictEqual(await profiles.findProfile(identityOf(index), "active"), profile);
  }
  const contestants: readonly Contestant[] = [
    { name: "lru-cache get", call: (index) => bare.get(`profile:${customerOf(index)}`) },
    { name: "in-process tier get", call: (index) => cache.get(`profile:${customerOf(index)}`) },
    {
      name: "store.findProfile",
      call: (index) => profiles.findProfile({ by: "id", customerId: customerOf(index) }, "active"),
      isSubject: true,
    },
    {
      name: "store.findProfile by identity",
      call: (index) => profiles.findProfile(identityOf(index % CUSTOMERS), "active"),
    },
    { name: "customers.get", call: (index) => services.customers.get(customerOf(index)) },
  ];
  for (const customerId of customerIds) {
    const profile = bare.get(`profile:${customerId}`);
    await cache.set(`profile:${customerId}`, profile as never);
  }
  const lines = await measure(contestants, effort);
  const notes = [
    "lru-cache is not awaited. By identity, a hash and two entries; customers.get answers with the view made of it.",
  ];
  return [{ operation: "cached profile load", engine: "process", inFlight: 1, lines, notes }];
}

/** As `makeWorld` makes them. */
function identityOf(index: number) {
  return { by: "identity", channel: "webchat", channelUserId: `visitor-${index}` } as const;
}

async function measure(contestants: readonly Contestant[], effort: Effort): Promise<Line[]> {
  const laps = contestants.map(() => [] as number[]);
  for (let round = -2; round < effort.laps; round++) {
    for (const [place, { call }] of contestants.entries()) {
      const startedMs = performance.now();
      for (let index = 0; index < CALLS_PER_LAP; index++) {
        const answer = call(index);
        if (answer instanceof Promise) await answer;
      }
      // The first rounds only warm up.
      if (round >= 0) laps[place]?.push(performance.now() - startedMs);
    }
  }
  const lines: Line[] = [];
  for (const [place, contestant] of contestants.entries()) {
    lines.push(await lineOf(contestant, laps[place] ?? [], laps[0] ?? []));
  }
  return lines;
}

async function lineOf({ name, call, isSubject }: Contestant, laps: number[], reference: number[]): Promise<Line> {
  const ratios = laps.map((lapMs, round) => lapMs / (reference[round] ?? lapMs));
  const callMs = median(laps) / CALLS_PER_LAP;
  const latencies: number[] = [];
  for (let index = 0; index < LATENCY_SAMPLES; index++) {
    const started = process.hrtime.bigint();
    await call(index);
    latencies.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  return {
    name,
    calls: CALLS_PER_LAP * laps.length,
    p50Ms: callMs,
    p99Ms: quantile(latencies, 0.99),
    opsPerSecond: 1_000 / callMs,
    ratio: median(ratios),
    ratioQuartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    goals: isSubject ? [atMost("ms", callMs, GOAL_MS)] : [],
  };
}
