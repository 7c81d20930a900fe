import { defineRoute } from "../../route.ts";
import { definitionPath } from "../../schemas/path-schemas.ts";
import { definitionBody, fieldDefinition } from "../../schemas/schema-schemas.ts";

export const putDefinition = defineRoute({
  name: "putDefinition",
  method: "PUT",
  path: "/v1/agents/:agentId/field-definitions/:name",
  permission: "schema:write",
  summary: "Create or replace a field definition",
  tag: "Schema",
  params: definitionPath,
  body: definitionBody,
  answers: { 200: fieldDefinition, 201: fieldDefinition },
  errors: ["invalid_definition", "limit_exceeded"],
  async handle({ vault, params, body }) {
    const { definition, created } = await vault.definitions.put({ ...body, ...params });
    return { status: created ? 201 : 200, body: definition };
  },
});
