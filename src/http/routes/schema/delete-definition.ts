import { defineRoute } from "../../route.ts";
import { definitionPath } from "../../schemas/path-schemas.ts";

export const deleteDefinition = defineRoute({
  name: "deleteDefinition",
  method: "DELETE",
  path: "/v1/agents/:agentId/field-definitions/:name",
  permission: "schema:write",
  summary: "Delete a field definition",
  description: "Values that were stored under it stay as they are.",
  tag: "Schema",
  params: definitionPath,
  answers: { 204: null },
  errors: ["definition_not_found"],
  async handle({ vault, params }) {
    await vault.definitions.delete(params.agentId, params.name);
    return { status: 204 };
  },
});
