import { z } from "zod";
import type { StepId } from "../../identifiers.ts";
import { fieldDefinitionInput } from "../../schema/check-definition.ts";
import { fieldRequirementInput } from "../../schema/check-requirement.ts";
import { FIELD_VALUE_TYPES, SUGGESTION_STATES, VALIDATION_MODES } from "../../schema/field-definition.ts";
import { MISSING_REASONS } from "../../schema/missing-fields.ts";
import { FALLBACK_ACTIONS, REQUIRED_LEVELS, REQUIREMENT_ORIGINS } from "../../schema/requirement.ts";
import { idSchema, instantOutput } from "../value-schemas.ts";
import { id } from "./basic-schemas.ts";
import { validationIssue } from "./profile-schemas.ts";

/** The agent and the name come from the path. */
export const definitionBody = fieldDefinitionInput.omit({ agentId: true, name: true });

export const fieldDefinition = z
  .strictObject({
    id,
    agentId: id,
    name: z.string(),
    displayName: z.string(),
    description: z.string().nullable(),
    valueType: z.enum(FIELD_VALUE_TYPES),
    validationRegex: z.string().nullable(),
    validationToolId: z.string().nullable(),
    allowedValues: z.array(z.string()).nullable(),
    validationMode: z.enum(VALIDATION_MODES).nullable(),
    requiredVerification: z.boolean(),
    verificationMethods: z.array(z.string()),
    collectionPrompt: z.string().nullable(),
    extractionExamples: z.array(z.string()),
    extractionPromptHint: z.string().nullable(),
    isPii: z.boolean(),
    encryptionRequired: z.boolean(),
    retentionDays: z.int().nullable(),
    freshnessSeconds: z.int().nullable(),
    enabled: z.boolean(),
    suggestionState: z.enum(SUGGESTION_STATES),
    version: z.int(),
    createdAt: instantOutput,
    updatedAt: instantOutput,
  })
  .meta({ id: "FieldDefinition" });

/** An agent has a bounded number of definitions, so the list is one page. */
export const definitionList = z.strictObject({ items: z.array(fieldDefinition), nextCursor: z.null() });

export const validationBody = z.strictObject({
  value: z.unknown().refine((value) => value !== undefined, "Is missing."),
});

export const validationAnswer = z.strictObject({
  valid: z.boolean(),
  value: z.unknown().meta({ description: "Canonical when valid" }),
  valueType: z.enum(FIELD_VALUE_TYPES),
  errors: z.array(validationIssue),
});

export const agentSettingsBody = z.strictObject({ validationMode: z.enum(VALIDATION_MODES).nullable() });
export const agentSettings = z
  .strictObject({ agentId: id, validationMode: z.enum(VALIDATION_MODES).nullable(), updatedAt: instantOutput })
  .meta({ id: "AgentSettings" });

/** The scenario comes from the path; a step in the query is that of every requirement of the list. */
export const requirementsBody = z.strictObject({
  requirements: z.array(fieldRequirementInput.omit({ scenarioId: true })),
});

export const requirementsQuery = z.strictObject({
  stepId: idSchema<StepId>().optional(),
  scope: z
    .enum(["all", "scenario", "step", "effective"])
    .optional()
    .meta({ description: "Default: `step` with a stepId, else `all`" }),
});

const fieldRequirement = z
  .strictObject({
    id,
    agentId: id,
    scenarioId: id.nullable(),
    stepId: id.nullable(),
    ruleId: id.nullable(),
    fieldName: z.string(),
    requiredLevel: z.enum(REQUIRED_LEVELS),
    fallbackAction: z.enum(FALLBACK_ACTIONS),
    whenCondition: z.string().nullable(),
    dependsOnFields: z.array(z.string()),
    collectionOrder: z.int(),
    needsHumanReview: z.boolean(),
    extractionConfidence: z.number(),
    origin: z.enum(REQUIREMENT_ORIGINS),
    createdAt: instantOutput,
    updatedAt: instantOutput,
  })
  .meta({ id: "FieldRequirement" });

export const requirementList = z.strictObject({ items: z.array(fieldRequirement), nextCursor: z.null() });

const missingField = z
  .strictObject({
    fieldName: z.string(),
    reason: z.enum(MISSING_REASONS),
    requiredLevel: z.enum(REQUIRED_LEVELS),
    fallbackAction: z.enum(FALLBACK_ACTIONS),
    collectionOrder: z.int(),
    agentId: id,
    stepId: id.nullable(),
    requirementId: id,
    definitionId: id.nullable(),
    displayName: z.string().nullable(),
    valueType: z.enum(FIELD_VALUE_TYPES).nullable(),
    collectionPrompt: z.string().nullable(),
    blocking: z.boolean(),
  })
  .meta({ id: "MissingField" });

export const missingList = z.strictObject({ items: z.array(missingField), nextCursor: z.null() });
