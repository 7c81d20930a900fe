import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { channelIdentity, channelIdentityInput } from "../../schemas/profile-schemas.ts";

export const linkIdentity = defineRoute({
  name: "linkIdentity",
  method: "POST",
  path: "/v1/customers/:customerId/identities",
  permission: "profile:write",
  summary: "Link a channel identity",
  description: "Links a new identity, or updates the flags of one that is linked to this customer already.",
  tag: "Identities and consents",
  params: customerPath,
  body: channelIdentityInput,
  answers: { 200: channelIdentity },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "identity_taken", "version_mismatch"],
  async handle({ vault, params, body, ifMatch }) {
    const input = { ...body, expectedVersion: expectedVersion(ifMatch) };
    return { status: 200, body: await vault.customers.linkIdentity(params.customerId, input) };
  },
});
