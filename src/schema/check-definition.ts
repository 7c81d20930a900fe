import { z } from "zod";
import { type ErrorItem, VaultError } from "../errors.ts";
import { isUuid } from "../identifiers.ts";
import { textProblem } from "../json.ts";
import { definitionContradictions } from "./definition-contradictions.ts";
import {
  ALLOWED_VALUE_LENGTH_MAX,
  ALLOWED_VALUES_MAX,
  DEFINITION_TEXT_LENGTH_MAX,
  DISPLAY_NAME_LENGTH_MAX,
  EXTRACTION_EXAMPLE_LENGTH_MAX,
  EXTRACTION_EXAMPLES_MAX,
  FIELD_VALUE_TYPES,
  type FieldDefinitionDraft,
  FRESHNESS_SECONDS_MAX,
  RETENTION_DAYS_MAX,
  SUGGESTION_STATES,
  VALIDATION_MODES,
  VALIDATION_REGEX_LENGTH_MAX,
  VALIDATION_TOOL_ID_LENGTH_MAX,
  VERIFICATION_METHOD_LENGTH_MAX,
  VERIFICATION_METHODS_MAX,
} from "./field-definition.ts";
import { fieldName, shapeProblems, storableText, withDefaults } from "./input-shape.ts";

/** What a caller says about a field. Everything that is left out has the default named in `FieldDefinition`. */
export const fieldDefinitionInput = z.strictObject({
  agentId: z.string().refine(isUuid, "Must be a lower-case UUID."),
  name: fieldName(),
  displayName: storableText(DISPLAY_NAME_LENGTH_MAX).optional(),
  description: storableText(DEFINITION_TEXT_LENGTH_MAX).nullish(),
  valueType: z.enum(FIELD_VALUE_TYPES),
  validationRegex: storableText(VALIDATION_REGEX_LENGTH_MAX).nullish(),
  validationToolId: storableText(VALIDATION_TOOL_ID_LENGTH_MAX).nullish(),
  allowedValues: z
    .array(z.string().max(ALLOWED_VALUE_LENGTH_MAX).refine(isStorable, "Cannot be stored."))
    .min(1)
    .max(ALLOWED_VALUES_MAX)
    .nullish(),
  validationMode: z.enum(VALIDATION_MODES).nullish(),
  requiredVerification: z.boolean().optional(),
  verificationMethods: z.array(storableText(VERIFICATION_METHOD_LENGTH_MAX)).max(VERIFICATION_METHODS_MAX).optional(),
  collectionPrompt: storableText(DEFINITION_TEXT_LENGTH_MAX).nullish(),
  extractionExamples: z.array(storableText(EXTRACTION_EXAMPLE_LENGTH_MAX)).max(EXTRACTION_EXAMPLES_MAX).optional(),
  extractionPromptHint: storableText(DEFINITION_TEXT_LENGTH_MAX).nullish(),
  isPii: z.boolean().optional(),
  encryptionRequired: z.boolean().optional(),
  retentionDays: z.int().min(1).max(RETENTION_DAYS_MAX).nullish(),
  freshnessSeconds: z.int().min(1).max(FRESHNESS_SECONDS_MAX).nullish(),
  enabled: z.boolean().optional(),
  suggestionState: z.enum(SUGGESTION_STATES).optional(),
});

export type FieldDefinitionInput = z.input<typeof fieldDefinitionInput>;

/**
 * Completes a definition and checks that it can be kept to: its shape and limits, that its pattern compiles on the
 * linear-time engine, that its allowed values are values of its type, and that its parts do not contradict each other.
 *
 * Throws `invalid_definition` with every problem found, each with the JSON Pointer of its place.
 */
export function checkDefinition(input: FieldDefinitionInput): FieldDefinitionDraft {
  const parsed = fieldDefinitionInput.safeParse(input);
  const problems: ErrorItem[] = parsed.success ? [] : shapeProblems(parsed.error);
  problems.push(...definitionContradictions(input));
  if (problems.length > 0 || !parsed.success) {
    throw new VaultError("invalid_definition", "The field definition has problems.", { errors: problems });
  }
  return completed(parsed.data);
}

const DEFAULTS = {
  description: null,
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
} as const satisfies Omit<FieldDefinitionDraft, "agentId" | "name" | "displayName" | "valueType">;

function completed(input: z.output<typeof fieldDefinitionInput>): FieldDefinitionDraft {
  return withDefaults<FieldDefinitionDraft>({ displayName: titleOf(input.name), ...DEFAULTS }, input);
}

/** `date_of_birth` reads `Date of birth`. */
function titleOf(name: string): string {
  const words = name.split("_").filter((word) => word !== "");
  const title = words.length === 0 ? name : words.join(" ");
  return title.charAt(0).toUpperCase() + title.slice(1);
}

function isStorable(text: string): boolean {
  return textProblem(text) === undefined;
}
