import { defineRoute } from "../../route.ts";
import { TENANT_TAG, tenantParams, tenantSchema } from "./tenant-schema.ts";

export const getTenant = defineRoute({
  name: "getTenant",
  method: "GET",
  path: "/v1/tenants/:tenantId",
  permission: "tenant:read",
  summary: "Read one tenant",
  description: "Platform administrators only.",
  tag: TENANT_TAG,
  params: tenantParams,
  answers: { 200: tenantSchema },
  errors: ["tenant_not_found"],
  async handle({ services, params, vault }) {
    const tenants = services.vault.tenants(vault.context);
    return { status: 200, body: await tenants.require(params.tenantId) };
  },
});
