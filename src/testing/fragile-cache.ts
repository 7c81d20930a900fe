import type { JsonValue } from "../json.ts";
import type { CacheLease, CacheLookup } from "../storage/cache-store.ts";
import { InMemoryCacheStore } from "../storage/in-memory/in-memory-cache-store.ts";
import type { Removal } from "../storage/resilience/lost-removals.ts";
import { type ResilientCacheStore, resilientCacheStore } from "../storage/resilience/resilient-cache-store.ts";
import { FaultInjector, withFaults } from "./fault-injection.ts";
import { type WatchedTier, type WatchedTierOptions, watchedTier } from "./watched-tier.ts";

/** What a lookup comes to when the tier cannot be asked. */
export const DEGRADED_MISS = { hit: false, lease: undefined, degraded: true };
export const NOT_REMOVED = { count: 0, degraded: true };

export const UNREACHABLE = { kind: "fail", when: "before", code: "storage_unavailable" } as const;

export interface FragileCache extends WatchedTier {
  /** What the cache told to have been made up for. */
  readonly madeUp: Removal[];
  /** The engine itself, which never fails. */
  readonly engine: InMemoryCacheStore;
  readonly faults: FaultInjector;
  /** The guarded cache, which calls the engine through the faults. */
  readonly cache: ResilientCacheStore;
}

export function fragileCache(options: Partial<WatchedTierOptions> = {}): FragileCache {
  const tier = watchedTier({ tier: "hot", ...options });
  const engine = new InMemoryCacheStore({ nowMs: () => tier.timers.nowMs() });
  const faults = new FaultInjector();
  const madeUp: Removal[] = [];
  const cache = resilientCacheStore(withFaults(engine, faults), tier.options);
  cache.onMadeUp((removals) => madeUp.push(...removals));
  return { ...tier, engine, faults, cache, madeUp };
}

/** Fails three reads, which is an outage, and goes on failing. */
export async function breakDown({ faults, cache }: FragileCache): Promise<void> {
  faults.inject({ fault: UNREACHABLE });
  for (let count = 0; count < 3; count++) await cache.get("k");
  faults.calls.length = 0;
}

export function leaseOf(lookup: CacheLookup<JsonValue>): CacheLease | undefined {
  return lookup.hit ? undefined : lookup.lease;
}
