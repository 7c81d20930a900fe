import type { CacheStatistics } from "../cache-store.ts";

/** What only the engine knows. */
export type CacheOccupancy = Pick<CacheStatistics, "entries" | "evictions">;

/**
 * Counts lookups and measures calls, with a few additions for each. Durations go into buckets whose bounds grow by an
 * eighth to a quarter, so that a percentile is known to that precision however many calls there were.
 */
export class CacheStatisticsRecorder {
  #hits = 0;
  #misses = 0;
  #errors = 0;
  #calls = 0;
  #quickCalls = 0;
  #totalMs = 0;
  readonly #buckets = new Float64Array(BUCKETS);

  hit(): void {
    this.#hits++;
  }

  miss(): void {
    this.#misses++;
  }

  looked(lookup: { readonly hit: boolean }): void {
    if (lookup.hit) this.#hits++;
    else this.#misses++;
  }

  error(): void {
    this.#errors++;
  }

  /** @param startedMs what `performance.now()` said when the call began */
  called(startedMs: number): void {
    this.#record(performance.now() - startedMs, 1);
  }

  /** When a call begins that takes no longer than reading the time twice: one in 16 is measured, and stands for all. */
  beginQuick(): number | undefined {
    return this.#quickCalls++ % QUICK_CALLS_PER_SAMPLE === 0 ? performance.now() : undefined;
  }

  /** @param startedMs what `beginQuick` said */
  calledQuick(startedMs: number | undefined): void {
    if (startedMs !== undefined) this.#record(performance.now() - startedMs, QUICK_CALLS_PER_SAMPLE);
  }

  #record(durationMs: number, weight: number): void {
    this.#calls += weight;
    this.#totalMs += weight * durationMs;
    const bucket = bucketOf(durationMs);
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + weight;
  }

  read(occupancy: CacheOccupancy): CacheStatistics {
    const requests = this.#hits + this.#misses;
    return {
      requests,
      hits: this.#hits,
      misses: this.#misses,
      errors: this.#errors,
      hitRate: requests === 0 ? 0 : this.#hits / requests,
      averageLatencyMs: this.#calls === 0 ? null : this.#totalMs / this.#calls,
      p99LatencyMs: this.#percentile(0.99),
      ...occupancy,
    };
  }

  #percentile(share: number): number | null {
    let remaining = Math.ceil(this.#calls * share);
    if (remaining === 0) return null;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      remaining -= this.#buckets[bucket] as number;
      if (remaining <= 0) return upperEndMs(bucket);
    }
    return upperEndMs(BUCKETS - 1);
  }
}

const QUICK_CALLS_PER_SAMPLE = 16;
/** Durations are counted in steps of a sixteenth of a microsecond, up to two minutes. */
const STEPS_PER_MS = 16_000;
const STEPS_MAX = 0x7fff_ffff;
/** Four buckets for each doubling, from four steps on; below that, one for each step. */
const BUCKETS = 4 * 30;

function bucketOf(durationMs: number): number {
  const steps = Math.min(STEPS_MAX, Math.max(0, durationMs * STEPS_PER_MS)) | 0;
  if (steps < 4) return steps;
  const exponent = 29 - Math.clz32(steps);
  return 4 * exponent + (steps >> exponent);
}

function upperEndMs(bucket: number): number {
  if (bucket < 4) return (bucket + 1) / STEPS_PER_MS;
  const exponent = (bucket >> 2) - 1;
  return (((bucket & 3) + 5) * 2 ** exponent) / STEPS_PER_MS;
}
