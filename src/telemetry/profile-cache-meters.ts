import type { Meter } from "@opentelemetry/api";
import { Counter } from "./counter.ts";

/** How often the cache of profiles and schemas is of use. */
export class ProfileCacheMeters {
  readonly hits: Counter;
  readonly misses: Counter;
  readonly invalidations: Counter;
  readonly errors: Counter;

  constructor(meter: Meter) {
    this.hits = new Counter(meter, "strongroom_profile_cache_hits_total", "Keys found in the cache, by what they name");
    this.misses = new Counter(
      meter,
      "strongroom_profile_cache_misses_total",
      "Keys not found in the cache, by what they name",
    );
    this.invalidations = new Counter(
      meter,
      "strongroom_profile_cache_invalidations_total",
      "Removals from the cache, by what made them necessary",
    );
    this.errors = new Counter(
      meter,
      "strongroom_profile_cache_errors_total",
      "What the cache failed to do, by operation",
    );
  }
}
