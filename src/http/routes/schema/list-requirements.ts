import { defineRoute } from "../../route.ts";
import { scenarioPath } from "../../schemas/path-schemas.ts";
import { requirementList, requirementsQuery } from "../../schemas/schema-schemas.ts";
import { selectorOf } from "./requirement-scope.ts";

export const listRequirements = defineRoute({
  name: "listRequirements",
  method: "GET",
  path: "/v1/scenarios/:scenarioId/requirements",
  permission: "schema:read",
  summary: "List a scenario's requirements",
  description:
    "In collection order, all of them: a scenario has at most 500. `scope=effective` shows what counts at a step.",
  tag: "Schema",
  params: scenarioPath,
  query: requirementsQuery,
  answers: { 200: requirementList },
  async handle({ vault, params, query }) {
    const items = await vault.requirements.list(params.scenarioId, selectorOf(query));
    return { status: 200, body: { items, nextCursor: null } };
  },
});
