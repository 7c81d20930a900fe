import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { fieldPath } from "../../schemas/path-schemas.ts";
import { fieldVersion, verificationInput } from "../../schemas/profile-schemas.ts";

export const verifyField = defineRoute({
  name: "verifyField",
  method: "POST",
  path: "/v1/customers/:customerId/fields/:name/verify",
  permission: "profile:write",
  summary: "Verify a field",
  description:
    "Writes a version that says who verified the active value and how; the evidence becomes one of its sources.",
  tag: "Fields",
  params: fieldPath,
  body: verificationInput,
  answers: { 200: fieldVersion },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "field_not_found", "source_not_found", "version_mismatch"],
  async handle({ vault, params, body, ifMatch }) {
    const verification = { ...body, expectedVersion: expectedVersion(ifMatch) };
    return { status: 200, body: await vault.fields.verify(params.customerId, params.name, verification) };
  },
});
