import type { TenantId } from "../identifiers.ts";
import type { Logger } from "./logger.ts";
import type { RegisterMeters } from "./register-meters.ts";

interface RegisterEvent {
  readonly tenantId: TenantId;
  readonly registerId: string;
}

interface RangeEvent extends RegisterEvent {
  /** Heights as decimal text. */
  readonly startHeight: string;
  readonly endHeight: string;
  readonly type: string;
}

/** What happens to registers: heights, counts and hashes, never what a transaction is about. */
export interface RegisterEvents {
  registerStateChanged(
    event: RegisterEvent & {
      readonly from: string;
      readonly to: string;
      readonly trigger: string;
      readonly message: string | null;
    },
  ): void;
  /** The end of a verification; `docketCount` and `transactionCount` are those that were looked at. */
  registerVerified(
    event: RegisterEvent & {
      readonly docketCount: number;
      readonly transactionCount: number;
      readonly corruptedRanges: number;
      readonly durationMs: number;
    },
  ): void;
  registerCorruptionFound(event: RangeEvent): void;
  /** A sealed docket that is not the one that is there: somebody with the key has signed two. */
  registerForkDetected(event: RegisterEvent & { readonly height: string }): void;
  /** The database shows less, or something else, than a checkpoint that was pinned outside of it. */
  registerRollbackDetected(event: RegisterEvent & { readonly pinnedSize: string; readonly size: string }): void;
  /** Transactions of dockets were not in the index as they were sealed, and are again. */
  registerIndexAltered(
    event: RegisterEvent & { readonly startHeight: string; readonly endHeight: string; readonly docketCount: number },
  ): void;
  registerDocketRefused(event: RegisterEvent & { readonly height: string; readonly code: string }): void;
  registerDocketSealed(
    event: RegisterEvent & { readonly height: string; readonly transactionCount: number; readonly durationMs: number },
  ): void;
  registerSealingFailed(event: { readonly tenantId: TenantId; readonly code: string }): void;
  /** Another process has had the lease for long, while the same event waits: it hangs, or its clock is wrong. */
  registerSealingBlocked(event: { readonly tenantId: TenantId; readonly forMs: number }): void;
  registerCheckpointSigned(event: RegisterEvent & { readonly size: string }): void;
  registerRangeAttempted(event: RangeEvent & { readonly peer: string; readonly outcome: string }): void;
  registerRangeRecovered(event: RangeEvent & { readonly peer: string }): void;
  registerRangeAbandoned(event: RangeEvent): void;
  registerScrubbed(
    event: RegisterEvent & {
      readonly docketCount: number;
      readonly isRoundComplete: boolean;
      /** Milliseconds since 1970; `null` until every docket was looked at once. */
      readonly oldestCheckAtMs: number | null;
    },
  ): void;
}

export const NO_REGISTER_EVENTS: RegisterEvents = {
  registerStateChanged: () => undefined,
  registerVerified: () => undefined,
  registerCorruptionFound: () => undefined,
  registerForkDetected: () => undefined,
  registerRollbackDetected: () => undefined,
  registerIndexAltered: () => undefined,
  registerDocketRefused: () => undefined,
  registerDocketSealed: () => undefined,
  registerSealingFailed: () => undefined,
  registerSealingBlocked: () => undefined,
  registerCheckpointSigned: () => undefined,
  registerRangeAttempted: () => undefined,
  registerRangeRecovered: () => undefined,
  registerRangeAbandoned: () => undefined,
  registerScrubbed: () => undefined,
};

export function createRegisterEvents(logger: Logger, meters: RegisterMeters): RegisterEvents {
  return {
    registerStateChanged(event) {
      meters.transitions.cell({ from: event.from, to: event.to }).value++;
      meters.setState(event.registerId, event.to);
      const isBad = event.to === "Degraded" || event.trigger === "failed";
      logger[isBad ? "warn" : "info"](event, "register_state_changed");
    },
    registerVerified(event) {
      meters.verifiedDockets.cell({}).value += event.docketCount;
      meters.verifiedTransactions.cell({}).value += event.transactionCount;
      meters.verification.record(event.durationMs / 1_000);
      logger.info(event, "register_verified");
    },
    registerCorruptionFound(event) {
      meters.corruption.cell({ type: event.type }).value++;
      logger.error(event, "register_corruption_found");
    },
    registerForkDetected: (event) => logger.error(event, "register_fork_detected"),
    registerRollbackDetected: (event) => logger.error(event, "register_rollback_detected"),
    registerIndexAltered: (event) => logger.error(event, "register_index_altered"),
    registerDocketRefused(event) {
      meters.refused.cell({ code: event.code }).value++;
      logger.error(event, "register_docket_refused");
    },
    registerDocketSealed(event) {
      meters.sealedDockets.cell({}).value++;
      meters.sealedTransactions.cell({}).value += event.transactionCount;
      meters.sealing.record(event.durationMs / 1_000);
      logger.debug(event, "register_docket_sealed");
    },
    registerSealingFailed: (event) => logger.error(event, "register_sealing_failed"),
    registerSealingBlocked: (event) => logger.warn(event, "register_sealing_blocked"),
    registerCheckpointSigned: (event) => logger.debug(event, "register_checkpoint_signed"),
    registerRangeAttempted(event) {
      meters.recoveryAttempts.cell({ outcome: event.outcome }).value++;
      logger.warn(event, "register_range_attempted");
    },
    registerRangeRecovered: (event) => logger.info(event, "register_range_recovered"),
    registerRangeAbandoned: (event) => logger.error(event, "register_range_abandoned"),
    registerScrubbed(event) {
      meters.scrubbedDockets.cell({}).value += event.docketCount;
      if (event.oldestCheckAtMs !== null) meters.oldestChecks.set(event.registerId, event.oldestCheckAtMs);
      logger.debug(event, "register_scrubbed");
    },
  };
}
