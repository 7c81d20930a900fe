import { z } from "zod";
import { withSeals } from "../../ledger-places.ts";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { fieldPath } from "../../schemas/path-schemas.ts";
import { fieldHistoryPage } from "../../schemas/profile-schemas.ts";

export const getFieldHistory = defineRoute({
  name: "getFieldHistory",
  method: "GET",
  path: "/v1/customers/:customerId/fields/:name/history",
  permission: "profile:read",
  summary: "Read a field's history",
  description: "Every version, newest first, deleted ones included, each with where it is in the register.",
  tag: "Fields",
  params: fieldPath,
  query: z.strictObject(pageQuery),
  answers: { 200: fieldHistoryPage },
  errors: ["customer_not_found", "customer_merged", "field_not_found", "invalid_cursor"],
  async handle({ vault, params, query }) {
    const { items, nextCursor } = await vault.fields.history(params.customerId, params.name, query);
    return { status: 200, body: { items: await withSeals(vault, items), nextCursor } };
  },
});
