import type { Histogram, Meter, ObservableResult } from "@opentelemetry/api";
import { Counter } from "./counter.ts";

/** What tells a tier's series from those of others: both are words from the configuration. */
export interface TierLabels {
  readonly tier: string;
  /** The tier's engine. */
  readonly provider: string;
}

/** What is read of a tier whenever metrics are collected. */
export interface TierGauges {
  /** 0 closed, 1 open, 2 half-open. */
  readonly circuitState: number;
  readonly isDegraded: boolean;
  /** Of a cache alone; lookups since the process began. */
  readonly cacheLookups?: { readonly hit: number; readonly miss: number; readonly bypass: number } | undefined;
}

const SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

/**
 * Every metric of the storage tiers. Labels are tiers, engines, names of methods, outcomes and error codes: never keys,
 * ids or tenants.
 */
export class StorageMeters {
  readonly operations: Counter;
  readonly errors: Counter;
  readonly transitions: Counter;
  readonly duration: Histogram;
  readonly appendBatchSize: Histogram;
  readonly #tiers = new Map<TierLabels, () => TierGauges | undefined>();

  constructor(meter: Meter) {
    this.operations = new Counter(
      meter,
      "strongroom_storage_operations_total",
      "Calls of storage engines, by how they ended",
    );
    this.errors = new Counter(meter, "strongroom_storage_errors_total", "Failed calls of storage engines, by code");
    this.transitions = new Counter(
      meter,
      "strongroom_storage_circuit_transitions_total",
      "Changes of a tier's circuit, by its new state",
    );
    this.duration = meter.createHistogram("strongroom_storage_duration_seconds", {
      description: "Time of one call of a storage engine; of the hot tier a sample",
      advice: { explicitBucketBoundaries: SECONDS },
    });
    this.appendBatchSize = meter.createHistogram("strongroom_storage_cold_append_batch_size", {
      description: "Records that were appended to a log at once",
      advice: { explicitBucketBoundaries: BATCH_SIZES },
    });
    this.#readTiers(meter);
  }

  /** Reads the tier with every collection until the function that is returned is called. `undefined` is not told. */
  watch(labels: TierLabels, read: () => TierGauges | undefined): () => void {
    const own = { ...labels };
    this.#tiers.set(own, read);
    return () => void this.#tiers.delete(own);
  }

  #readTiers(meter: Meter): void {
    meter
      .createObservableGauge("strongroom_storage_circuit_state", { description: "0 closed, 1 open, 2 half-open" })
      .addCallback(this.#observe((gauges) => [[gauges.circuitState, {}]]));
    meter
      .createObservableGauge("strongroom_storage_degraded", { description: "1 while a tier is done without" })
      .addCallback(this.#observe((gauges) => [[gauges.isDegraded ? 1 : 0, {}]]));
    meter
      .createObservableCounter("strongroom_storage_cache_requests_total", {
        description: "Lookups in the hot tier; bypass is one that the tier was not asked for or did not answer",
      })
      .addCallback(
        this.#observe(({ cacheLookups }) =>
          Object.entries(cacheLookups ?? {}).map(([result, count]) => [count, { result }]),
        ),
      );
  }

  #observe(read: (gauges: TierGauges) => readonly (readonly [number, Readonly<Record<string, string>>])[]) {
    return (result: ObservableResult): void => {
      for (const [labels, gaugesOf] of this.#tiers) {
        const gauges = gaugesOf();
        for (const [value, more] of gauges ? read(gauges) : []) result.observe(value, { ...labels, ...more });
      }
    };
  }
}
