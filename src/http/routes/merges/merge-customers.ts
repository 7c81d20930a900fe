import { z } from "zod";
import type { CustomerId } from "../../../identifiers.ts";
import { expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { mergeSummary } from "../../schemas/profile-schemas.ts";
import { idSchema } from "../../value-schemas.ts";

export const mergeCustomers = defineRoute({
  name: "mergeCustomers",
  method: "POST",
  path: "/v1/customers/:customerId/merge",
  permission: "profile:merge",
  summary: "Merge another customer into this one",
  description:
    "Everything of the source customer moves here and keeps its id. Of two active values of a name the verified one " +
    "wins, then the more confident, then the newer. Can be undone.",
  tag: "Merges",
  params: customerPath,
  body: z.strictObject({ sourceCustomerId: idSchema<CustomerId>() }),
  answers: { 200: mergeSummary },
  takesIfMatch: true,
  errors: ["customer_not_found", "customer_merged", "merge_not_possible", "version_mismatch", "write_conflict"],
  async handle({ vault, params, body, ifMatch }) {
    const options = { expectedVersion: expectedVersion(ifMatch) };
    return { status: 200, body: await vault.merges.merge(params.customerId, body.sourceCustomerId, options) };
  },
});
