import { type ErrorItem, VaultError } from "../errors.ts";
import type { ScenarioId } from "../identifiers.ts";
import { requireRequirementCount } from "./check-requirement.ts";
import { type FieldRequirement, isSelected, type RequirementScope, requirementKey } from "./requirement.ts";

/**
 * What every engine asks of a list before it replaces a scenario's requirements by it. Throws `limit_exceeded` or
 * `invalid_requirement`.
 */
export function requireReplaceable(
  scenarioId: ScenarioId,
  scope: RequirementScope,
  requirements: readonly FieldRequirement[],
): void {
  requireRequirementCount(requirements.length);
  const keys = new Set<string>();
  const problems: ErrorItem[] = [];
  requirements.forEach((requirement, index) => {
    const path = `/${index}`;
    if (requirement.scenarioId !== scenarioId || !isSelected(requirement, scope)) {
      problems.push({ path, code: "out_of_scope", message: "Lies outside what is being replaced." });
    }
    const key = requirementKey(requirement);
    if (keys.has(key))
      problems.push({ path, code: "duplicate", message: "The field is required twice for one place." });
    keys.add(key);
  });
  if (problems.length > 0) {
    throw new VaultError("invalid_requirement", "The list of requirements has problems.", { errors: problems });
  }
}
