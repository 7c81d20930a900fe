import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { consent, consentInput } from "../../schemas/profile-schemas.ts";

export const recordConsent = defineRoute({
  name: "recordConsent",
  method: "POST",
  path: "/v1/customers/:customerId/consents",
  permission: "profile:write",
  summary: "Grant or revoke a consent",
  tag: "Identities and consents",
  params: customerPath,
  body: consentInput,
  answers: { 201: consent },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "version_mismatch"],
  async handle({ vault, params, body, ifMatch }) {
    const input = { ...body, expectedVersion: expectedVersion(ifMatch) };
    return { status: 201, body: await vault.customers.recordConsent(params.customerId, input) };
  },
});
