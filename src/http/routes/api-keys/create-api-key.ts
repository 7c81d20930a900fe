import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { API_KEY_TAG, apiKeySchema, keyText, newApiKeySchema } from "./api-key-schema.ts";

export const createApiKey = defineRoute({
  name: "createApiKey",
  method: "POST",
  path: "/v1/api-keys",
  permission: "key:manage",
  summary: "Make an API key of the tenant",
  description: "The key's text is in this answer and nowhere else.",
  tag: API_KEY_TAG,
  body: newApiKeySchema,
  answers: { 201: z.strictObject({ apiKey: apiKeySchema, key: keyText }) },
  async handle({ vault, body }) {
    const { apiKey, key } = await vault.apiKeys.create(body);
    return {
      status: 201,
      headers: { location: `/v1/api-keys/${apiKey.id}` },
      body: { apiKey, key },
      replayBody: { apiKey, key: null },
    };
  },
});
