import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { apiKeySchema } from "../api-keys/api-key-schema.ts";
import { newTenantSchema, TENANT_TAG, tenantSchema } from "./tenant-schema.ts";

export const createTenant = defineRoute({
  name: "createTenant",
  method: "POST",
  path: "/v1/tenants",
  permission: "tenant:manage",
  summary: "Make a tenant and its first administrator key",
  description:
    "Platform administrators only. The key's text is in this answer and nowhere else. The slug makes a repeat safe: it " +
    "answers `tenant_exists`, with or without an idempotency key.",
  tag: TENANT_TAG,
  body: newTenantSchema,
  answers: { 201: z.strictObject({ tenant: tenantSchema, apiKey: apiKeySchema, key: z.string() }) },
  errors: ["tenant_exists"],
  idempotency: "natural",
  async handle({ services, body, vault }) {
    const tenants = services.vault.tenants(vault.context);
    const { tenant, adminKey } = await tenants.create(body);
    const location = `/v1/tenants/${tenant.id}`;
    return { status: 201, headers: { location }, body: { tenant, apiKey: adminKey.apiKey, key: adminKey.key } };
  },
});
