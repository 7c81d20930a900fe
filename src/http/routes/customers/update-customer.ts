import { entityTag, expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { customerHeader, customerPatchInput } from "../../schemas/profile-schemas.ts";

export const updateCustomer = defineRoute({
  name: "updateCustomer",
  method: "PATCH",
  path: "/v1/customers/:customerId",
  permission: "profile:write",
  summary: "Change a customer's header",
  tag: "Customers",
  params: customerPath,
  body: customerPatchInput,
  answers: { 200: customerHeader },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "external_id_taken", "version_mismatch"],
  async handle({ vault, params, body, ifMatch }) {
    const patch = { ...body, expectedVersion: expectedVersion(ifMatch) };
    const header = await vault.customers.update(params.customerId, patch);
    return { status: 200, headers: { etag: entityTag(header.version) }, body: header };
  },
});
