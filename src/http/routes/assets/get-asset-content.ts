import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { assetPath } from "../../schemas/path-schemas.ts";

export const getAssetContent = defineRoute({
  name: "getAssetContent",
  method: "GET",
  path: "/v1/customers/:customerId/assets/:assetId/content",
  permission: "pii:read",
  summary: "Read an asset's bytes",
  description: "Checked against the recorded SHA-256 before the first byte is sent.",
  tag: "Assets",
  params: assetPath,
  answers: { 200: z.any().meta({ type: "string", format: "binary", description: "With the asset's media type." }) },
  mediaType: "*/*",
  errors: [
    "customer_not_found",
    "customer_merged",
    "asset_not_found",
    "asset_content_not_found",
    "integrity_violation",
  ],
  async handle({ vault, params }) {
    const { asset, stream } = await vault.assets.content(params.customerId, params.assetId);
    const headers = {
      "content-type": asset.mimeType,
      "content-length": String(asset.sizeBytes),
      etag: `"${asset.checksum}"`,
      // A stored page must not run as one of ours.
      "content-disposition": "attachment",
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
    };
    return { status: 200, headers, body: stream };
  },
});
