import { z } from "zod";
import { pageQuery, pageSchema } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { TENANT_TAG, tenantSchema } from "./tenant-schema.ts";

export const listTenants = defineRoute({
  name: "listTenants",
  method: "GET",
  path: "/v1/tenants",
  permission: "tenant:read",
  summary: "List the tenants by slug",
  description: "Platform administrators only.",
  tag: TENANT_TAG,
  query: z.strictObject(pageQuery),
  answers: { 200: pageSchema(tenantSchema) },
  errors: ["invalid_cursor"],
  async handle({ services, query, vault }) {
    const tenants = services.vault.tenants(vault.context);
    return { status: 200, body: await tenants.list(query) };
  },
});
