import { entityTag } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerKeysInput, profile } from "../../schemas/profile-schemas.ts";

export const getOrCreateCustomer = defineRoute({
  name: "getOrCreateCustomer",
  method: "POST",
  path: "/v1/customers",
  permission: "profile:write",
  summary: "Get or create a customer",
  description:
    "Finds the customer by channel identity or external id, and makes one when there is none. When both are given, " +
    "the one that is new is added to the customer found by the other.",
  tag: "Customers",
  body: customerKeysInput,
  answers: { 200: profile, 201: profile },
  errors: ["identity_taken", "external_id_taken", "write_conflict"],
  async handle({ vault, body }) {
    const { profile: found, created } = await vault.customers.getOrCreate(body);
    const headers = { etag: entityTag(found.version), location: `/v1/customers/${found.customerId}` };
    return { status: created ? 201 : 200, headers, body: found };
  },
});
