import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { scenarioPath } from "../../schemas/path-schemas.ts";
import { requirementsQuery } from "../../schemas/schema-schemas.ts";
import { scopeOf } from "./requirement-scope.ts";

export const deleteRequirements = defineRoute({
  name: "deleteRequirements",
  method: "DELETE",
  path: "/v1/scenarios/:scenarioId/requirements",
  permission: "schema:write",
  summary: "Delete a scenario's requirements",
  tag: "Schema",
  params: scenarioPath,
  query: requirementsQuery,
  answers: { 200: z.strictObject({ deleted: z.int() }) },
  async handle({ vault, params, query }) {
    return { status: 200, body: { deleted: await vault.requirements.delete(params.scenarioId, scopeOf(query)) } };
  },
});
