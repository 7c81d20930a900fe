import type { Histogram, Meter } from "@opentelemetry/api";
import { Counter } from "./counter.ts";
import { ProfileCacheMeters } from "./profile-cache-meters.ts";
import { RegisterMeters } from "./register-meters.ts";
import { StorageMeters } from "./storage-meters.ts";

/** The name the vault's meter has for whoever collects metrics. */
export const METER_SCOPE = "strongroom";

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CHAIN_DEPTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Every metric of the vault. Labels are routes, codes, enum values and names of defined fields, never ids. */
export class Meters {
  readonly requests: Counter;
  readonly requestLatency: Histogram;
  readonly errors: Counter;
  readonly fieldsSuperseded: Counter;
  readonly itemsExpired: Counter;
  readonly itemsOrphaned: Counter;
  readonly validationErrors: Counter;
  readonly chainDepth: Histogram;
  readonly profileCache: ProfileCacheMeters;
  readonly register: RegisterMeters;
  readonly storage: StorageMeters;

  constructor(meter: Meter) {
    this.requests = new Counter(meter, "strongroom_request_count_total", "HTTP requests by route, method and status");
    this.requestLatency = meter.createHistogram("strongroom_request_latency_seconds", {
      description: "Time from the first byte of a request to the last of its answer",
      advice: { explicitBucketBoundaries: LATENCY_SECONDS },
    });
    this.errors = new Counter(meter, "strongroom_errors_total", "Answers with an error, by its code");
    this.fieldsSuperseded = new Counter(
      meter,
      "strongroom_profile_fields_superseded_total",
      "Field versions that a newer version replaced",
    );
    this.itemsExpired = new Counter(meter, "strongroom_profile_items_expired_total", "Items that passed their expiry");
    this.itemsOrphaned = new Counter(
      meter,
      "strongroom_profile_items_orphaned_total",
      "Items that lost a source they were made from",
    );
    this.validationErrors = new Counter(
      meter,
      "strongroom_profile_schema_validation_errors_total",
      "Values that broke their field definition, by field and kind of error",
    );
    this.chainDepth = meter.createHistogram("strongroom_profile_derivation_chain_depth", {
      description: "Items in the derivation chains that were read",
      advice: { explicitBucketBoundaries: CHAIN_DEPTHS },
    });
    this.profileCache = new ProfileCacheMeters(meter);
    this.register = new RegisterMeters(meter);
    this.storage = new StorageMeters(meter);
  }
}
