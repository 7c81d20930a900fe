import type { Instant } from "../clock.ts";
import type { AgentId, ItemId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { FieldValueType, ValidationMode } from "../schema/field-definition.ts";
import type { ValidationIssue } from "../schema/validation.ts";
import type { FieldSource, FieldVersion } from "./field-version.ts";
import type { SourceType } from "./item.ts";

export interface SourceInput {
  readonly type: SourceType;
  readonly id?: string | null | undefined;
  readonly metadata?: JsonObject | undefined;
}

export interface FieldInput {
  /** Chosen by the caller, so that one write can name its own items as sources of each other. */
  readonly id?: ItemId | undefined;
  readonly name: string;
  /** Any JSON but null; checked and coerced against the definition. */
  readonly value: unknown;
  /** How to read the value when no definition says it. */
  readonly valueType?: FieldValueType | undefined;
  readonly source: FieldSource;
  readonly sources?: readonly SourceInput[] | undefined;
  readonly confidence?: number | undefined;
  readonly verified?: boolean | undefined;
  readonly verificationMethod?: string | undefined;
  readonly verifiedBy?: string | undefined;
  readonly expiresAt?: Instant | undefined;
  readonly collectedAt?: Instant | undefined;
  readonly requiresConfirmation?: boolean | undefined;
  readonly sourceSessionId?: string | undefined;
  readonly sourceScenarioId?: string | undefined;
  readonly sourceStepId?: string | undefined;
  readonly metadata?: JsonObject | undefined;
  /** False refuses the write when the field has an active version. Default true. */
  readonly supersedeExisting?: boolean | undefined;
}

export interface FieldWrite {
  /** Whose definitions apply. Without an agent every field is unknown to the schema. */
  readonly agentId?: AgentId | undefined;
  /** Tightens the configured validation mode for this write; it never loosens it. */
  readonly mode?: ValidationMode | undefined;
  /** 1 to `FIELDS_PER_WRITE_MAX`, with distinct names. */
  readonly fields: readonly FieldInput[];
}

export interface FieldOutcome {
  readonly name: string;
  readonly outcome: "accepted" | "rejected";
  /** The stored version; absent when it was rejected, or when nothing was written. */
  readonly field?: FieldVersion;
  /** What validation found; in `warn` mode an accepted value can have errors too. */
  readonly errors: readonly ValidationIssue[];
}

export interface Verification {
  /** How it was verified or confirmed, for example `otp`, `document`, `human_review`. */
  readonly method: string;
  readonly by: string;
  /** A field version or asset that proves it; becomes one more source of the new version. */
  readonly evidenceItemId?: ItemId | undefined;
}
