import type { Instant } from "../clock.ts";
import type { CustomerId, FieldDefinitionId, ItemId } from "../identifiers.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { FieldValueType } from "../schema/field-definition.ts";
import type { ItemLifecycle, ItemSource } from "./item.ts";

export const FIELD_SOURCES = [
  "user_provided",
  "llm_extracted",
  "tool_result",
  "document_extracted",
  "human_entered",
  "system_inferred",
] as const;
/** How a value was obtained. */
export type FieldSource = (typeof FIELD_SOURCES)[number];

export const FIELDS_PER_WRITE_MAX = 100;

/** One version of a named fact about a customer. Immutable but for its lifecycle. */
export interface FieldVersion extends ItemLifecycle {
  readonly id: ItemId;
  readonly customerId: CustomerId;
  readonly name: string;
  /** Canonical JSON value; `null` when it is encrypted and was not opened. */
  readonly value: JsonValue;
  readonly valueType: FieldValueType;
  readonly source: FieldSource;
  /** Ordered, the primary source first. */
  readonly sources: readonly ItemSource[];
  /** True when a source item is missing or deleted now, whatever the status says. */
  readonly isOrphaned: boolean;
  readonly sourceSessionId: string | null;
  readonly sourceScenarioId: string | null;
  readonly sourceStepId: string | null;
  readonly verified: boolean;
  readonly verificationMethod: string | null;
  readonly verifiedAt: Instant | null;
  readonly verifiedBy: string | null;
  /** 0 to 1. */
  readonly confidence: number;
  readonly requiresConfirmation: boolean;
  /** When the value was true or said, as the caller tells it. */
  readonly collectedAt: Instant;
  readonly expiresAt: Instant | null;
  readonly fieldDefinitionId: FieldDefinitionId | null;
  readonly metadata: JsonObject;
  readonly isPii: boolean;
  /** AES-256-GCM envelope of the value, base64url; `null` when the value is stored in clear. */
  readonly sealedValue: string | null;
}

/** A version as it is first written; the secret keys the commitment that the audit event carries. */
export interface FieldInsert extends Omit<FieldVersion, "isOrphaned"> {
  /** 32 bytes as base64url, destroyed on erasure. */
  readonly commitmentSecret: string;
}
