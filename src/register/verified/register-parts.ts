import type { AuditEventType } from "../../audit/audit-event.ts";
import type { Clock } from "../../clock.ts";
import type { TenantId } from "../../identifiers.ts";
import type { JsonObject } from "../../json.ts";
import type { SignatureSuites } from "../../signatures/signature-suites.ts";
import type { RegisterEvents } from "../../telemetry/register-events.ts";
import type { LedgerLog } from "../ledger-log/ledger-log.ts";
import type { RegisterStore } from "../register-store.ts";
import type { PinnedCheckpoints } from "../trust/pinned-checkpoints.ts";
import type { Snapshots } from "../trust/snapshot.ts";
import type { DocketExaminer } from "../verification/docket-examiner.ts";
import type { DocketCache } from "./docket-cache.ts";
import type { RangeBook } from "./range-book.ts";

/** How registers are verified when they are opened. */
export interface VerificationSettings {
  /** `blocking` waits for the whole verification, `progressive` for its first batch; `auto` goes by the threshold. */
  readonly startupStrategy: "auto" | "blocking" | "progressive";
  /** From this many dockets that have to be verified on, `auto` is progressive. */
  readonly blockingThreshold: number;
  readonly verificationBatchSize: number;
  readonly verificationParallelism: number;
  /** Whether every docket is verified at every start, whatever a snapshot says. */
  readonly verifyAllAtStart: boolean;
}

/** What a verified register is made of. */
export interface RegisterParts {
  readonly tenantId: TenantId;
  readonly registerId: string;
  readonly ledger: LedgerLog;
  readonly store: RegisterStore;
  readonly pins: PinnedCheckpoints;
  readonly snapshots: Snapshots;
  readonly examiner: DocketExaminer;
  readonly suites: SignatureSuites;
  readonly ranges: RangeBook;
  /** Shared by all registers of the process. */
  readonly dockets: DocketCache;
  readonly settings: VerificationSettings;
  readonly clock: Clock;
  readonly events: RegisterEvents;
  /** Puts into the tenant's journal what happened to the register. */
  readonly journal: (eventType: AuditEventType, data: JsonObject) => Promise<void>;
}
