import type { Instant } from "../clock.ts";
import type { AgentId, RequirementId, ScenarioId, StepId } from "../identifiers.ts";
import { compareText } from "../text-order.ts";

export const REQUIRED_LEVELS = ["hard", "soft"] as const;
/** `hard` has to be there before an agent may go on; `soft` is good to have. */
export type RequiredLevel = (typeof REQUIRED_LEVELS)[number];

export const FALLBACK_ACTIONS = ["ask", "skip", "block", "extract"] as const;
/** What an agent does about a missing field. `skip` is for `soft` requirements only. */
export type FallbackAction = (typeof FALLBACK_ACTIONS)[number];

export const REQUIREMENT_ORIGINS = ["manual", "extracted"] as const;
export type RequirementOrigin = (typeof REQUIREMENT_ORIGINS)[number];

/** Also for the requirements of one rule outside any scenario. */
export const REQUIREMENTS_PER_SCENARIO_MAX = 500;
export const DEPENDS_ON_FIELDS_MAX = 20;
export const COLLECTION_ORDER_MAX = 1_000_000;

/** One field that a scenario, one of its steps, or a rule needs to know. */
export interface FieldRequirement {
  readonly id: RequirementId;
  /** Whose definition of the field counts. */
  readonly agentId: AgentId;
  /** `null` for a requirement that belongs to a rule alone. */
  readonly scenarioId: ScenarioId | null;
  /** `null` for the whole scenario. */
  readonly stepId: StepId | null;
  /** UUID of the rule that needs the field. */
  readonly ruleId: string | null;
  readonly fieldName: string;
  readonly requiredLevel: RequiredLevel;
  readonly fallbackAction: FallbackAction;
  /** A CEL condition; the requirement applies unless it is false. */
  readonly whenCondition: string | null;
  /** The requirement applies only when all of these fields are there. */
  readonly dependsOnFields: readonly string[];
  /** Ascending, 0 to `COLLECTION_ORDER_MAX`. */
  readonly collectionOrder: number;
  /** While it is true the requirement acts as `soft`, whatever its level. */
  readonly needsHumanReview: boolean;
  /** 0 to 1. */
  readonly extractionConfidence: number;
  readonly origin: RequirementOrigin;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** A checked requirement before a store has given it its identity and its place in time. */
export type FieldRequirementDraft = Omit<FieldRequirement, "id" | "createdAt" | "updatedAt">;

/** A part of a scenario's requirements that can be replaced or deleted as a whole. */
export type RequirementScope =
  | { readonly kind: "all" }
  /** Those of the scenario as a whole, without any step's. */
  | { readonly kind: "scenario" }
  | { readonly kind: "step"; readonly stepId: StepId };

/** `effective` is what is in force at a step: the scenario's as a whole and the step's own. */
export type RequirementSelector = RequirementScope | { readonly kind: "effective"; readonly stepId: StepId | null };

/** What makes a requirement itself, whatever it says: at most one per key exists in a tenant. */
export type RequirementKey = Pick<FieldRequirement, "agentId" | "scenarioId" | "stepId" | "ruleId" | "fieldName">;

/** Equal for two requirements exactly when their keys are. */
export function requirementKey(key: RequirementKey): string {
  return [key.agentId, key.scenarioId ?? "-", key.stepId ?? "-", key.ruleId ?? "-", key.fieldName].join("/");
}

/** By collection order, then field name, then id. */
export function compareRequirements(a: FieldRequirement, b: FieldRequirement): number {
  return a.collectionOrder - b.collectionOrder || compareText(a.fieldName, b.fieldName) || compareText(a.id, b.id);
}

/** The level that counts: a requirement that waits for review never blocks. */
export function effectiveLevel(requirement: FieldRequirement): RequiredLevel {
  return requirement.needsHumanReview ? "soft" : requirement.requiredLevel;
}

/** True when a requirement of the scenario belongs to the selected part of it. */
export function isSelected(requirement: Pick<FieldRequirement, "stepId">, selector: RequirementSelector): boolean {
  switch (selector.kind) {
    case "all":
      return true;
    case "scenario":
      return requirement.stepId === null;
    case "step":
      return requirement.stepId === selector.stepId;
    case "effective":
      return requirement.stepId === null || requirement.stepId === selector.stepId;
  }
}
