import { z } from "zod";
import { entityTag } from "../../entity-tag.ts";
import { withSealedHistory } from "../../ledger-places.ts";
import { defineRoute } from "../../route.ts";
import { flag } from "../../schemas/basic-schemas.ts";
import { customerPath } from "../../schemas/path-schemas.ts";
import { profileWithHistory } from "../../schemas/profile-schemas.ts";
import { instantInput } from "../../value-schemas.ts";

const query = z
  .strictObject({
    history: flag().meta({
      description:
        "Adds every version of every field and asset, tombstones included, each with where it is in the register.",
    }),
    knownAt: instantInput.optional().meta({ description: "The profile as the vault knew it at this moment." }),
  })
  .refine(({ history, knownAt }) => !history || knownAt === undefined, {
    path: ["history"],
    message: "history and knownAt exclude each other.",
  });

export const getCustomer = defineRoute({
  name: "getCustomer",
  method: "GET",
  path: "/v1/customers/:customerId",
  permission: "profile:read",
  summary: "Read a profile",
  tag: "Customers",
  params: customerPath,
  query,
  answers: { 200: profileWithHistory },
  errors: ["customer_not_found", "customer_merged", "write_conflict"],
  async handle({ vault, params, query: { history, knownAt } }) {
    const found = await vault.customers.get(params.customerId, { history, knownAt });
    const headers = knownAt === undefined ? { etag: entityTag(found.version) } : {};
    return { status: 200, headers, body: await withSealedHistory(vault, found) };
  },
});
