import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { channelIdentity } from "../../schemas/profile-schemas.ts";

export const listIdentities = defineRoute({
  name: "listIdentities",
  method: "GET",
  path: "/v1/customers/:customerId/identities",
  permission: "profile:read",
  summary: "List a customer's channel identities",
  tag: "Identities and consents",
  params: customerPath,
  answers: { 200: z.strictObject({ items: z.array(channelIdentity), nextCursor: z.null() }) },
  errors: ["customer_not_found", "customer_merged"],
  async handle({ vault, params }) {
    return { status: 200, body: { items: await vault.customers.listIdentities(params.customerId), nextCursor: null } };
  },
});
