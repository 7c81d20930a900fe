import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { consent } from "../../schemas/profile-schemas.ts";

export const listConsents = defineRoute({
  name: "listConsents",
  method: "GET",
  path: "/v1/customers/:customerId/consents",
  permission: "profile:read",
  summary: "List a customer's consents",
  description: "Every grant and revocation, oldest first; the latest entry of a type decides.",
  tag: "Identities and consents",
  params: customerPath,
  answers: { 200: z.strictObject({ items: z.array(consent), nextCursor: z.null() }) },
  errors: ["customer_not_found", "customer_merged"],
  async handle({ vault, params }) {
    return { status: 200, body: { items: await vault.customers.listConsents(params.customerId), nextCursor: null } };
  },
});
