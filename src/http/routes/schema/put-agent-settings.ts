import { defineRoute } from "../../route.ts";
import { agentPath } from "../../schemas/path-schemas.ts";
import { agentSettings, agentSettingsBody } from "../../schemas/schema-schemas.ts";

export const putAgentSettings = defineRoute({
  name: "putAgentSettings",
  method: "PUT",
  path: "/v1/agents/:agentId/settings",
  permission: "schema:write",
  summary: "Set an agent's settings",
  description:
    "The validation mode of the agent's definitions that have none of their own; null inherits the tenant's.",
  tag: "Schema",
  params: agentPath,
  body: agentSettingsBody,
  answers: { 200: agentSettings },
  async handle({ vault, params, body }) {
    return { status: 200, body: await vault.definitions.putSettings(params.agentId, body.validationMode) };
  },
});
