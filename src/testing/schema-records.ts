import type { Instant } from "../clock.ts";
import {
  type AgentId,
  type FieldDefinitionId,
  type RequirementId,
  type ScenarioId,
  UuidV7Generator,
} from "../identifiers.ts";
import type { FieldDefinition } from "../schema/field-definition.ts";
import type { FieldView } from "../schema/missing-fields.ts";
import type { FieldRequirement } from "../schema/requirement.ts";

const SCHEMA_AGENT = "01890000-0000-7000-8000-00000000000a" as AgentId;
export const SCHEMA_NOW = "2026-03-03T09:30:00.000Z" as Instant;

/** A plain text field that everything is switched off for, but for what `over` says. */
export function fieldDefinition(over: Partial<FieldDefinition> = {}): FieldDefinition {
  return {
    id: "01890000-0000-7000-8000-0000000000d1" as FieldDefinitionId,
    agentId: SCHEMA_AGENT,
    name: "legal_name",
    displayName: "Legal name",
    description: null,
    valueType: "string",
    validationRegex: null,
    validationToolId: null,
    allowedValues: null,
    validationMode: null,
    requiredVerification: false,
    verificationMethods: [],
    collectionPrompt: null,
    extractionExamples: [],
    extractionPromptHint: null,
    isPii: false,
    encryptionRequired: false,
    retentionDays: null,
    freshnessSeconds: null,
    enabled: true,
    suggestionState: "accepted",
    version: 1,
    createdAt: SCHEMA_NOW,
    updatedAt: SCHEMA_NOW,
    ...over,
  };
}

/** `fieldDefinition` of an agent of its own. */
export function freshDefinition(over: Partial<FieldDefinition> = {}): FieldDefinition {
  return fieldDefinition({ id: ids.uuid(), agentId: ids.uuid(), ...over });
}

/** `fieldRequirement` of a scenario of its own. */
export function freshRequirement(over: Partial<FieldRequirement> = {}): FieldRequirement {
  return fieldRequirement({ id: ids.uuid(), scenarioId: ids.uuid(), ...over });
}

const ids = new UuidV7Generator();

/** A hard requirement of a whole scenario, but for what `over` says. */
export function fieldRequirement(over: Partial<FieldRequirement> = {}): FieldRequirement {
  return {
    id: "01890000-0000-7000-8000-0000000000e1" as RequirementId,
    agentId: SCHEMA_AGENT,
    scenarioId: "01890000-0000-7000-8000-0000000000f1" as ScenarioId,
    stepId: null,
    ruleId: null,
    fieldName: "legal_name",
    requiredLevel: "hard",
    fallbackAction: "ask",
    whenCondition: null,
    dependsOnFields: [],
    collectionOrder: 0,
    needsHumanReview: false,
    extractionConfidence: 1,
    origin: "manual",
    createdAt: SCHEMA_NOW,
    updatedAt: SCHEMA_NOW,
    ...over,
  };
}

/** An active, fresh, unverified field, but for what `over` says. */
export function fieldView(name: string, over: Partial<FieldView> = {}): FieldView {
  return {
    name,
    value: "x",
    verified: false,
    verificationMethod: null,
    requiresConfirmation: false,
    collectedAt: SCHEMA_NOW,
    expiresAt: null,
    status: "active",
    ...over,
  };
}
