import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { createVaultEvents, type VaultEvents } from "./events.ts";
import { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
import { METER_SCOPE, Meters } from "./meters.ts";

/** What an application watches the vault with. */
export interface Telemetry extends AsyncDisposable {
  readonly logger: Logger;
  readonly meters: Meters;
  readonly events: VaultEvents;
  /** All metrics in the text format of Prometheus, version 0.0.4. */
  renderMetrics(): Promise<string>;
}

/** Log and metrics of a process of our own; a library's host hands in its own meter instead. */
export function createTelemetry(options: LoggerOptions): Telemetry {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  const meters = new Meters(provider.getMeter(METER_SCOPE));
  const logger = createLogger(options);
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    logger,
    meters,
    events: createVaultEvents(logger, meters),
    async renderMetrics() {
      const { resourceMetrics } = await exporter.collect();
      return serializer.serialize(resourceMetrics);
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}
