import type { Instant } from "../clock.ts";
import type { Entity, RepositoryDescriptor } from "../storage/repository.ts";
import type { CorruptionType } from "./verification/corruption.ts";

export type RecoveryStatus = "Pending" | "InProgress" | "Succeeded" | "Failed" | "Abandoned";

/** Neighbouring heights that cannot be relied on for one reason, and what was done about it. */
export interface CorruptionRangeRecord extends Entity {
  readonly startHeight: bigint;
  /** Inclusive. */
  readonly endHeight: bigint;
  readonly type: CorruptionType;
  /** For people; quotes no content. */
  readonly details: string;
  /** The transactions that are known to be concerned, each 64 hexadecimal digits. */
  readonly transactionIds: readonly string[];
  readonly detectedAt: Instant;
  readonly recoveryAttempts: number;
  readonly lastRecoveryAttempt: Instant | null;
  readonly recoveryStatus: RecoveryStatus;
  /** How the last attempt went, for people. */
  readonly message: string | null;
}

export const REGISTER_RANGES: RepositoryDescriptor<CorruptionRangeRecord> = {
  name: "register_ranges",
  idType: "uuid",
  tenantColumn: "tenant_id",
  columns: [
    { property: "startHeight", column: "start_height", type: "bigint" },
    { property: "endHeight", column: "end_height", type: "bigint" },
    { property: "type", column: "type", type: "text" },
    { property: "details", column: "details", type: "text" },
    { property: "transactionIds", column: "transaction_ids", type: "json" },
    { property: "detectedAt", column: "detected_at", type: "instant" },
    { property: "recoveryAttempts", column: "attempts", type: "integer" },
    { property: "lastRecoveryAttempt", column: "last_attempt_at", type: "instant", nullable: true },
    { property: "recoveryStatus", column: "status", type: "text" },
    { property: "message", column: "message", type: "text", nullable: true },
  ],
  unique: [],
};
