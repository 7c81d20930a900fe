import { defineRoute } from "../../route.ts";
import { definitionPath } from "../../schemas/path-schemas.ts";
import { fieldDefinition } from "../../schemas/schema-schemas.ts";

export const getDefinition = defineRoute({
  name: "getDefinition",
  method: "GET",
  path: "/v1/agents/:agentId/field-definitions/:name",
  permission: "schema:read",
  summary: "Read a field definition",
  tag: "Schema",
  params: definitionPath,
  answers: { 200: fieldDefinition },
  errors: ["definition_not_found"],
  async handle({ vault, params }) {
    return { status: 200, body: await vault.definitions.get(params.agentId, params.name) };
  },
});
