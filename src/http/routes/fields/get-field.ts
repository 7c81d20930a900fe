import { z } from "zod";
import { defineRoute } from "../../route.ts";
import { fieldPath } from "../../schemas/path-schemas.ts";
import { fieldVersion, statusFilter } from "../../schemas/profile-schemas.ts";

export const getField = defineRoute({
  name: "getField",
  method: "GET",
  path: "/v1/customers/:customerId/fields/:name",
  permission: "profile:read",
  summary: "Read a field",
  description: "The newest version with the asked status.",
  tag: "Fields",
  params: fieldPath,
  query: z.strictObject({ status: statusFilter.default("active") }),
  answers: { 200: fieldVersion },
  errors: ["customer_not_found", "customer_merged", "field_not_found"],
  async handle({ vault, params, query }) {
    return { status: 200, body: await vault.fields.get(params.customerId, params.name, query.status) };
  },
});
