import { z } from "zod";
import { expectedVersion } from "../../entity-tag.ts";
import { requirePermission } from "../../require-permission.ts";
import { defineRoute } from "../../route.ts";
import { hardDeletion, reasonWithHard } from "../../schemas/deletion-schemas.ts";
import { assetPath } from "../../schemas/path-schemas.ts";

export const deleteAsset = defineRoute({
  name: "deleteAsset",
  method: "DELETE",
  path: "/v1/customers/:customerId/assets/:assetId",
  permission: "profile:delete",
  summary: "Delete an asset",
  description:
    "Leaves a tombstone and removes the bytes; what derives from it is orphaned by the next pass. With `hard` the record " +
    "is removed too, unless something derives from it.",
  tag: "Assets",
  params: assetPath,
  query: z.strictObject(hardDeletion).refine(reasonWithHard.check, reasonWithHard.problem),
  answers: { 204: null },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "asset_not_found", "has_dependents", "version_mismatch"],
  async handle({ vault, principal, params, query: { hard, reason }, ifMatch }) {
    if (hard) requirePermission(principal, "profile:purge");
    await vault.assets.delete(params.customerId, params.assetId, {
      expectedVersion: expectedVersion(ifMatch),
      purge: hard && reason !== undefined ? { reason } : undefined,
    });
    return { status: 204 };
  },
});
