import { metrics } from "@opentelemetry/api";
import { createVaultEvents, type VaultEvents } from "./events.ts";
import type { Logger } from "./logger.ts";
import { METER_SCOPE, Meters } from "./meters.ts";

/** Events for a host with a logger of its own, and its own meter provider registered with OpenTelemetry's API. */
export function createHostEvents(logger: Logger): VaultEvents {
  return createVaultEvents(logger, new Meters(metrics.getMeter(METER_SCOPE)));
}
