import { defineRoute } from "../../route.ts";
import { definitionPath } from "../../schemas/path-schemas.ts";
import { validationAnswer, validationBody } from "../../schemas/schema-schemas.ts";

export const validateValue = defineRoute({
  name: "validateValue",
  method: "POST",
  path: "/v1/agents/:agentId/field-definitions/:name/validate",
  permission: "schema:read",
  summary: "Try a value",
  description: "Tells what a strict write of the value would find, and its canonical form. Writes nothing.",
  tag: "Schema",
  params: definitionPath,
  body: validationBody,
  answers: { 200: validationAnswer },
  idempotency: "natural",
  errors: ["definition_not_found"],
  async handle({ vault, params, body }) {
    const { accepted, ...found } = await vault.definitions.validate(params.agentId, params.name, body.value);
    return { status: 200, body: { valid: accepted, ...found, value: accepted ? found.value : null } };
  },
});
