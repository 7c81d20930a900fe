import { z } from "zod";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { assetPage, statusFilter } from "../../schemas/profile-schemas.ts";

export const listAssets = defineRoute({
  name: "listAssets",
  method: "GET",
  path: "/v1/customers/:customerId/assets",
  permission: "profile:read",
  summary: "List a customer's assets",
  description: "Newest first.",
  tag: "Assets",
  params: customerPath,
  query: z.strictObject({ ...pageQuery, status: statusFilter.default("active") }),
  answers: { 200: assetPage },
  errors: ["customer_not_found", "customer_merged", "invalid_cursor"],
  async handle({ vault, params, query: { status, ...page } }) {
    return { status: 200, body: await vault.assets.list(params.customerId, status, page) };
  },
});
