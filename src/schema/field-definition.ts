import type { Instant } from "../clock.ts";
import type { AgentId, FieldDefinitionId } from "../identifiers.ts";

export const FIELD_VALUE_TYPES = ["string", "email", "phone", "date", "number", "boolean", "json"] as const;
export type FieldValueType = (typeof FIELD_VALUE_TYPES)[number];

export const VALIDATION_MODES = ["strict", "warn", "disabled"] as const;
/** `strict` refuses a bad value, `warn` keeps it and reports, `disabled` does not look. */
export type ValidationMode = (typeof VALIDATION_MODES)[number];

export const SUGGESTION_STATES = ["suggested", "accepted", "rejected"] as const;
/** Definitions made by a person are `accepted`; what a model proposes is `suggested` until somebody decides. */
export type SuggestionState = (typeof SUGGESTION_STATES)[number];

export const FIELD_NAME = /^[a-z_][a-z0-9_]*$/;
export const FIELD_NAME_LENGTH_MAX = 50;
/** Matches the pattern, but readers in many languages trip over it. */
export const RESERVED_FIELD_NAME = "__proto__";

export const DEFINITIONS_PER_AGENT_MAX = 1_000;
export const DISPLAY_NAME_LENGTH_MAX = 255;
export const DEFINITION_TEXT_LENGTH_MAX = 2_000;
export const VALIDATION_REGEX_LENGTH_MAX = 500;
export const VALIDATION_TOOL_ID_LENGTH_MAX = 255;
export const ALLOWED_VALUES_MAX = 500;
export const ALLOWED_VALUE_LENGTH_MAX = 1_000;
export const VERIFICATION_METHODS_MAX = 20;
export const VERIFICATION_METHOD_LENGTH_MAX = 100;
export const EXTRACTION_EXAMPLES_MAX = 20;
export const EXTRACTION_EXAMPLE_LENGTH_MAX = 1_000;
export const RETENTION_DAYS_MAX = 36_500;
export const FRESHNESS_SECONDS_MAX = 1_000_000_000;

/** What one agent knows about one field: its type, its rules, how to ask for it and how long it stays good. */
export interface FieldDefinition {
  readonly id: FieldDefinitionId;
  readonly agentId: AgentId;
  /** Matches `FIELD_NAME`; unique within the agent. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly valueType: FieldValueType;
  /** RE2 syntax, matched against the whole canonical text. */
  readonly validationRegex: string | null;
  readonly validationToolId: string | null;
  /** Texts that coerce to the value type. */
  readonly allowedValues: readonly string[] | null;
  /** `null` inherits from the agent, then from the tenant. */
  readonly validationMode: ValidationMode | null;
  readonly requiredVerification: boolean;
  /** Methods that count; empty means any. */
  readonly verificationMethods: readonly string[];
  /** The question the customer is asked. */
  readonly collectionPrompt: string | null;
  readonly extractionExamples: readonly string[];
  readonly extractionPromptHint: string | null;
  readonly isPii: boolean;
  readonly encryptionRequired: boolean;
  /** How long a value is kept after it was recorded; `null` keeps it. */
  readonly retentionDays: number | null;
  /** How long a value stays fresh after it was collected; `null` never makes it stale. */
  readonly freshnessSeconds: number | null;
  readonly enabled: boolean;
  readonly suggestionState: SuggestionState;
  /** Counts the changes, from 1. */
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** A checked definition before a store has given it its identity and its place in time. */
export type FieldDefinitionDraft = Omit<FieldDefinition, "id" | "version" | "createdAt" | "updatedAt">;

/** True for a definition that counts: switched on, and not a suggestion that nobody accepted. */
export function isInForce(definition: FieldDefinition): boolean {
  return definition.enabled && definition.suggestionState === "accepted";
}

/** Why a text cannot be a field name, or `undefined` when it can. */
export function fieldNameProblem(name: string): string | undefined {
  if (name.length > FIELD_NAME_LENGTH_MAX) return `must have at most ${FIELD_NAME_LENGTH_MAX} characters`;
  if (name === RESERVED_FIELD_NAME) return "is reserved";
  return FIELD_NAME.test(name)
    ? undefined
    : "must be lower-case letters, digits and underscores, not starting with a digit";
}
