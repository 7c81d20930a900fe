import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { fieldPath } from "../../schemas/path-schemas.ts";
import { fieldVersion, verificationInput } from "../../schemas/profile-schemas.ts";

export const confirmField = defineRoute({
  name: "confirmField",
  method: "POST",
  path: "/v1/customers/:customerId/fields/:name/confirm",
  permission: "profile:write",
  summary: "Confirm a field",
  description: "Writes a version of the active value that no longer requires confirmation.",
  tag: "Fields",
  params: fieldPath,
  body: verificationInput,
  answers: { 200: fieldVersion },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "field_not_found", "source_not_found", "version_mismatch"],
  async handle({ vault, params, body, ifMatch }) {
    const verification = { ...body, expectedVersion: expectedVersion(ifMatch) };
    return { status: 200, body: await vault.fields.confirm(params.customerId, params.name, verification) };
  },
});
