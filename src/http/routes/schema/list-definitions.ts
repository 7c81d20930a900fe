import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { flag } from "../../schemas/basic-schemas.ts";
import { agentPath } from "../../schemas/path-schemas.ts";
import { definitionList } from "../../schemas/schema-schemas.ts";

export const listDefinitions = defineRoute({
  name: "listDefinitions",
  method: "GET",
  path: "/v1/agents/:agentId/field-definitions",
  permission: "schema:read",
  summary: "List an agent's field definitions",
  description: "By name, all of them: an agent has at most 1,000.",
  tag: "Schema",
  params: agentPath,
  query: z.strictObject({ includeDisabled: flag() }),
  answers: { 200: definitionList },
  async handle({ vault, params, query }) {
    const items = await vault.definitions.list(params.agentId, { enabledOnly: !query.includeDisabled });
    return { status: 200, body: { items, nextCursor: null } };
  },
});
