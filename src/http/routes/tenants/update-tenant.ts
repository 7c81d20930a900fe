import { defineRoute } from "../../route.ts";
import { TENANT_TAG, tenantChangeSchema, tenantParams, tenantSchema } from "./tenant-schema.ts";

export const updateTenant = defineRoute({
  name: "updateTenant",
  method: "PATCH",
  path: "/v1/tenants/:tenantId",
  permission: "tenant:manage",
  summary: "Change a tenant's name or validation mode",
  description: "Platform administrators only. Members left out stay as they are.",
  tag: TENANT_TAG,
  params: tenantParams,
  body: tenantChangeSchema,
  answers: { 200: tenantSchema },
  errors: ["tenant_not_found"],
  idempotency: "natural",
  async handle({ services, params, body, vault }) {
    const tenants = services.vault.tenants(vault.context);
    return { status: 200, body: await tenants.update(params.tenantId, body) };
  },
});
