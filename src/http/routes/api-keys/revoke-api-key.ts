import { defineRoute } from "../../route.ts";
import { API_KEY_TAG, apiKeyParams } from "./api-key-schema.ts";

export const revokeApiKey = defineRoute({
  name: "revokeApiKey",
  method: "DELETE",
  path: "/v1/api-keys/:apiKeyId",
  permission: "key:manage",
  summary: "Revoke an API key",
  description: "It stays listed. Revoking it again changes nothing. Other processes refuse it within 5 seconds.",
  tag: API_KEY_TAG,
  params: apiKeyParams,
  answers: { 204: null },
  errors: ["api_key_not_found", "last_admin_key"],
  async handle({ vault, params }) {
    await vault.apiKeys.revoke(params.apiKeyId);
    return { status: 204 };
  },
});
