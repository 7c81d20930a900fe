import { z } from "zod";
import { pageQuery, pageSchema } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { API_KEY_TAG, apiKeySchema } from "./api-key-schema.ts";

export const listApiKeys = defineRoute({
  name: "listApiKeys",
  method: "GET",
  path: "/v1/api-keys",
  permission: "key:manage",
  summary: "List the tenant's API keys, newest first",
  tag: API_KEY_TAG,
  query: z.strictObject(pageQuery),
  answers: { 200: pageSchema(apiKeySchema) },
  errors: ["invalid_cursor"],
  handle: async ({ vault, query }) => ({ status: 200, body: await vault.apiKeys.list(query) }),
});
