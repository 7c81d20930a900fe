import { defineRoute } from "../../route.ts";
import { agentPath } from "../../schemas/path-schemas.ts";
import { agentSettings } from "../../schemas/schema-schemas.ts";

export const getAgentSettings = defineRoute({
  name: "getAgentSettings",
  method: "GET",
  path: "/v1/agents/:agentId/settings",
  permission: "schema:read",
  summary: "Read an agent's settings",
  tag: "Schema",
  params: agentPath,
  answers: { 200: agentSettings },
  async handle({ vault, params }) {
    return { status: 200, body: await vault.definitions.getSettings(params.agentId) };
  },
});
