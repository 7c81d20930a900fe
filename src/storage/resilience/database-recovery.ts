import type { CallOptions } from "../call-options.ts";
import type { Recovery } from "./circuit-breaker.ts";
import { deadlineError } from "./storage-failure.ts";
import type { TierName } from "./tier-policy.ts";
import { systemTimers, type Timers } from "./timers.ts";
import { within } from "./within.ts";

/** For a sign of life that nobody waits for. */
const PING_MS = 2_000;

/** A database has recovered when it answers: it owes nothing to those who called in vain. */
export function databaseRecovery(
  engine: { ping(options?: CallOptions): Promise<void> },
  { tier, timers = systemTimers }: { readonly tier: TierName; readonly timers?: Timers | undefined },
): Recovery {
  return {
    async attempt() {
      const error = () => deadlineError(tier);
      await within(timers, { ms: PING_MS, error }, () => engine.ping());
    },
    isComplete: () => true,
  };
}
