import { z } from "zod";
import { expectedVersion } from "../../entity-tag.ts";
import { requirePermission } from "../../require-permission.ts";
import { defineRoute } from "../../route.ts";
import { deletedItems, hardDeletion, reasonWithHard } from "../../schemas/deletion-schemas.ts";
import { fieldPath } from "../../schemas/path-schemas.ts";
import { statusFilter } from "../../schemas/profile-schemas.ts";

export const deleteField = defineRoute({
  name: "deleteField",
  method: "DELETE",
  path: "/v1/customers/:customerId/fields/:name",
  permission: "profile:delete",
  summary: "Delete a field",
  description:
    "Leaves tombstones of the versions with the status; what derives from them is orphaned by the next pass. " +
    "With `hard` the versions are removed physically, unless something derives from them.",
  tag: "Fields",
  params: fieldPath,
  query: z
    .strictObject({ status: statusFilter.default("active"), ...hardDeletion })
    .refine(reasonWithHard.check, reasonWithHard.problem),
  answers: { 200: deletedItems },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "field_not_found", "has_dependents", "version_mismatch"],
  async handle({ vault, principal, params, query: { status, hard, reason }, ifMatch }) {
    if (hard) requirePermission(principal, "profile:purge");
    const deletion = {
      status,
      expectedVersion: expectedVersion(ifMatch),
      purge: hard && reason !== undefined ? { reason } : undefined,
    };
    return { status: 200, body: await vault.fields.delete(params.customerId, params.name, deletion) };
  },
});
