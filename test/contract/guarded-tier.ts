import { TierObserver } from "../../src/storage/observability/tier-observer.ts";
import type { TierGuardOptions } from "../../src/storage/resilience/tier-guard.ts";
import { DEFAULT_POLICIES, type TierName } from "../../src/storage/resilience/tier-policy.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

const telemetry = createTelemetry({ level: "silent", format: "json" });

/** A guard for a tier whose engine is held to its contract: it must make no difference. Everything is told, to nobody. */
export function guardedTier(tier: TierName): TierGuardOptions {
  const observer = new TierObserver({
    tier,
    provider: "any",
    settings: { level: "full-tracing" },
    meters: telemetry.meters.storage,
    logger: telemetry.logger,
  });
  const policy = DEFAULT_POLICIES[tier];
  // A machine that is busy is not an outage.
  const deadlineMs = policy.deadlineMs === undefined ? undefined : 30_000;
  return { tier, observer, policy: { ...policy, deadlineMs }, isRequired: tier !== "hot" };
}
