import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";

export const deleteCustomer = defineRoute({
  name: "deleteCustomer",
  method: "DELETE",
  path: "/v1/customers/:customerId",
  permission: "profile:delete",
  summary: "Delete a customer",
  description: "Leaves a tombstone: no read finds the customer, its identities and external id are free again.",
  tag: "Customers",
  params: customerPath,
  answers: { 204: null },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "version_mismatch"],
  async handle({ vault, params, ifMatch }) {
    await vault.customers.delete(params.customerId, { expectedVersion: expectedVersion(ifMatch) });
    return { status: 204 };
  },
});
