import { defineRoute } from "../../route.ts";
import { API_KEY_TAG, apiKeyParams, apiKeySchema } from "./api-key-schema.ts";

export const getApiKey = defineRoute({
  name: "getApiKey",
  method: "GET",
  path: "/v1/api-keys/:apiKeyId",
  permission: "key:manage",
  summary: "Read one API key",
  tag: API_KEY_TAG,
  params: apiKeyParams,
  answers: { 200: apiKeySchema },
  errors: ["api_key_not_found"],
  handle: async ({ vault, params }) => ({ status: 200, body: await vault.apiKeys.require(params.apiKeyId) }),
});
