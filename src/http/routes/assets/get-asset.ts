import { defineRoute } from "../../route.ts";
import { assetPath } from "../../schemas/path-schemas.ts";
import { asset } from "../../schemas/profile-schemas.ts";

export const getAsset = defineRoute({
  name: "getAsset",
  method: "GET",
  path: "/v1/customers/:customerId/assets/:assetId",
  permission: "profile:read",
  summary: "Read an asset",
  tag: "Assets",
  params: assetPath,
  answers: { 200: asset },
  errors: ["customer_not_found", "customer_merged", "asset_not_found"],
  async handle({ vault, params }) {
    return { status: 200, body: await vault.assets.get(params.customerId, params.assetId) };
  },
});
