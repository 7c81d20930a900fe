import { isVaultError, VaultError } from "../../../errors.ts";
import { defineRoute } from "../../route.ts";
import { scenarioPath } from "../../schemas/path-schemas.ts";
import { requirementList, requirementsBody, requirementsQuery } from "../../schemas/schema-schemas.ts";
import { scopeOf } from "./requirement-scope.ts";

export const putRequirements = defineRoute({
  name: "putRequirements",
  method: "PUT",
  path: "/v1/scenarios/:scenarioId/requirements",
  permission: "schema:write",
  summary: "Replace a scenario's requirements",
  description:
    "The whole list, or with `stepId` those of one step, or with `scope=scenario` those of the scenario as a whole. " +
    "A requirement without a stepId of its own takes that of the query.",
  tag: "Schema",
  params: scenarioPath,
  query: requirementsQuery,
  body: requirementsBody,
  answers: { 200: requirementList },
  errors: ["invalid_requirement", "limit_exceeded"],
  async handle({ vault, params: { scenarioId }, query, body }) {
    const inputs = body.requirements.map((requirement) => ({
      ...requirement,
      stepId: requirement.stepId ?? query.stepId,
      scenarioId,
    }));
    const scope = scopeOf(query);
    try {
      const items = await vault.requirements.replace(scenarioId, scope, inputs);
      return { status: 200, body: { items, nextCursor: null } };
    } catch (error) {
      throw isVaultError(error, "invalid_requirement") ? placedInBody(error) : error;
    }
  },
});

/** The list is a member of the body, so the places in it are deeper than the service knows. */
function placedInBody({ code, message, errors, cause }: VaultError): VaultError {
  const placed = errors.map((item) => ({ ...item, path: `/requirements${item.path}` }));
  return new VaultError(code, message, { errors: placed, cause });
}
