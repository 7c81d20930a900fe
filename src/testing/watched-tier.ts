import { type ObservabilitySettings } from "../storage/observability/observability-level.ts";
import { TierObserver } from "../storage/observability/tier-observer.ts";
import type { TierGuardOptions } from "../storage/resilience/tier-guard.ts";
import { DEFAULT_POLICIES, type TierName, type TierPolicy } from "../storage/resilience/tier-policy.ts";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.ts";
import { ManualTimers } from "./manual-timers.ts";

export interface WatchedTierOptions {
  readonly tier: TierName;
  readonly policy?: Partial<TierPolicy> | undefined;
  readonly observability?: ObservabilitySettings | undefined;
  readonly isRequired?: boolean | undefined;
  readonly startsDown?: boolean | undefined;
}

export interface WatchedTier {
  readonly timers: ManualTimers;
  readonly telemetry: Telemetry;
  readonly observer: TierObserver;
  /** For a wrapper: time stands still, and nothing is varied at random. */
  readonly options: TierGuardOptions;
  /** What was logged, without times. */
  readonly logged: (event: string) => Record<string, unknown>[];
}

/** What a wrapper of a tier needs, with its time in the test's hands and its log and metrics to be looked at. */
export function watchedTier({ tier, ...given }: WatchedTierOptions): WatchedTier {
  const lines: string[] = [];
  const telemetry = createTelemetry({
    level: "debug",
    format: "json",
    stream: { write: (line: string) => void lines.push(line) },
  });
  const observer = new TierObserver({
    tier,
    provider: "under-test",
    settings: given.observability ?? { level: "metrics" },
    meters: telemetry.meters.storage,
    logger: telemetry.logger,
  });
  const timers = new ManualTimers();
  const policy = { ...DEFAULT_POLICIES[tier], ...given.policy };
  return {
    timers,
    telemetry,
    observer,
    options: {
      tier,
      policy,
      observer,
      isRequired: given.isRequired ?? tier !== "hot",
      startsDown: given.startsDown,
      timers,
      random: () => 0.5,
    },
    logged: (event) =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line["event"] === event)
        .map(({ timestamp: _, ...members }) => members),
  };
}
