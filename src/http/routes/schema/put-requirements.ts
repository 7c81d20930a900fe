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
    const items = await vault.requirements.replace(scenarioId, scopeOf(query), inputs);
    return { status: 200, body: { items, nextCursor: null } };
  },
});
