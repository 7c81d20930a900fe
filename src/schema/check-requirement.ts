import { z } from "zod";
import { type ErrorItem, jsonPointer, VaultError } from "../errors.ts";
import { isUuid } from "../identifiers.ts";
import type { ConditionCompiler } from "./condition.ts";
import { CONDITION_LENGTH_MAX } from "./condition-language.ts";
import { fieldName, shapeProblems, storableText, withDefaults } from "./input-shape.ts";
import {
  COLLECTION_ORDER_MAX,
  DEPENDS_ON_FIELDS_MAX,
  FALLBACK_ACTIONS,
  type FieldRequirementDraft,
  REQUIRED_LEVELS,
  REQUIREMENT_ORIGINS,
  REQUIREMENTS_PER_SCENARIO_MAX,
  requirementKey,
} from "./requirement.ts";

/** What a caller says about a requirement; what is left out has the default of `checkRequirement`. */
export const fieldRequirementInput = z.strictObject({
  agentId: uuid(),
  scenarioId: uuid().nullish(),
  stepId: uuid().nullish(),
  ruleId: uuid().nullish(),
  fieldName: fieldName(),
  requiredLevel: z.enum(REQUIRED_LEVELS).optional(),
  fallbackAction: z.enum(FALLBACK_ACTIONS).optional(),
  whenCondition: storableText(CONDITION_LENGTH_MAX).nullish(),
  dependsOnFields: z.array(fieldName()).max(DEPENDS_ON_FIELDS_MAX).optional(),
  collectionOrder: z.int().min(0).max(COLLECTION_ORDER_MAX).optional(),
  needsHumanReview: z.boolean().optional(),
  extractionConfidence: z.number().min(0).max(1).optional(),
  origin: z.enum(REQUIREMENT_ORIGINS).optional(),
});

export type FieldRequirementInput = z.input<typeof fieldRequirementInput>;

/**
 * Completes a requirement (level `hard`, action `ask`, order 0, confidence 1, origin `manual`) and checks it: its
 * shape and limits, that its condition compiles, and that its parts do not contradict each other.
 *
 * Throws `invalid_requirement` with every problem found, each with the JSON Pointer of its place.
 */
export function checkRequirement(input: FieldRequirementInput, conditions: ConditionCompiler): FieldRequirementDraft {
  const problems: ErrorItem[] = [];
  const draft = draftOf(input, { conditions, path: "", problems });
  if (draft === undefined || problems.length > 0) throw invalidRequirement(problems);
  return draft;
}

/**
 * Checks a list of requirements that are to be stored together: each by itself, that no two have the same key, and
 * that there are at most `REQUIREMENTS_PER_SCENARIO_MAX`. Paths start with the position in the list (`/3/fieldName`).
 *
 * Throws `invalid_requirement` with every problem found, or `limit_exceeded`.
 */
export function checkRequirements(
  inputs: readonly FieldRequirementInput[],
  conditions: ConditionCompiler,
): readonly FieldRequirementDraft[] {
  requireRequirementCount(inputs.length);
  const problems: ErrorItem[] = [];
  const drafts: FieldRequirementDraft[] = [];
  const seen = new Set<string>();
  inputs.forEach((input, index) => {
    const path = `/${index}`;
    const draft = draftOf(input, { conditions, path, problems });
    if (draft === undefined) return;
    const key = requirementKey(draft);
    if (seen.has(key))
      problems.push({ path, code: "duplicate", message: "The field is required twice for one place." });
    seen.add(key);
    drafts.push(draft);
  });
  if (problems.length > 0) throw invalidRequirement(problems);
  return drafts;
}

/** Throws `limit_exceeded`. */
export function requireRequirementCount(count: number): void {
  if (count <= REQUIREMENTS_PER_SCENARIO_MAX) return;
  throw new VaultError("limit_exceeded", "Too many requirements for one scenario.", {
    details: { limit: REQUIREMENTS_PER_SCENARIO_MAX },
  });
}

interface Checking {
  readonly conditions: ConditionCompiler;
  readonly path: string;
  readonly problems: ErrorItem[];
}

function draftOf(input: FieldRequirementInput, { conditions, path, problems }: Checking) {
  const parsed = fieldRequirementInput.safeParse(input);
  if (!parsed.success) {
    problems.push(...shapeProblems(parsed.error, path));
    return undefined;
  }
  const draft = completed(parsed.data);
  for (const { at, code, message } of contradictions(draft, conditions)) {
    problems.push({ path: path + jsonPointer([at]), code, message });
  }
  return draft;
}

const DEFAULTS = {
  scenarioId: null,
  stepId: null,
  ruleId: null,
  requiredLevel: "hard",
  fallbackAction: "ask",
  whenCondition: null,
  dependsOnFields: [],
  collectionOrder: 0,
  needsHumanReview: false,
  extractionConfidence: 1,
  origin: "manual",
} as const satisfies Omit<FieldRequirementDraft, "agentId" | "fieldName">;

function completed(input: z.output<typeof fieldRequirementInput>): FieldRequirementDraft {
  const dependsOnFields = [...new Set(input.dependsOnFields)];
  return { ...withDefaults<FieldRequirementDraft>(DEFAULTS, input), dependsOnFields };
}

interface Contradiction {
  readonly at: keyof FieldRequirementDraft;
  readonly code: string;
  readonly message: string;
}

function* contradictions(draft: FieldRequirementDraft, conditions: ConditionCompiler): Generator<Contradiction> {
  if (draft.scenarioId === null && draft.ruleId === null) {
    yield contradiction("scenarioId", "A requirement belongs to a scenario or to a rule.");
  }
  if (draft.scenarioId === null && draft.stepId !== null) {
    yield contradiction("stepId", "A step belongs to a scenario.");
  }
  if (draft.fallbackAction === "skip" && draft.requiredLevel === "hard") {
    yield contradiction("fallbackAction", "Only a soft requirement can be skipped.");
  }
  if (draft.dependsOnFields.includes(draft.fieldName)) {
    yield contradiction("dependsOnFields", "A field cannot be required only once it is there.");
  }
  const problem = draft.whenCondition === null ? undefined : conditions.problem(draft.whenCondition);
  if (problem) yield { at: "whenCondition", code: problem.code, message: problem.message };
}

function contradiction(at: keyof FieldRequirementDraft, message: string): Contradiction {
  return { at, code: "contradiction", message };
}

function invalidRequirement(problems: readonly ErrorItem[]): VaultError {
  return new VaultError("invalid_requirement", "The requirement has problems.", { errors: problems });
}

/* The nil UUID stands for "none" in the database's unique index. */
const NIL_UUID = "00000000-0000-0000-0000-000000000000";

function uuid() {
  return z.string().refine((text) => isUuid(text) && text !== NIL_UUID, "Must be a lower-case UUID other than nil.");
}
