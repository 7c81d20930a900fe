import { z } from "zod";
import { withSeals } from "../../ledger-places.ts";
import { defineRoute } from "../../route.ts";
import { flag } from "../../schemas/basic-schemas.ts";
import { itemPath } from "../../schemas/path-schemas.ts";
import { dependents } from "../../schemas/profile-schemas.ts";

export const listDependents = defineRoute({
  name: "listDependents",
  method: "GET",
  path: "/v1/items/:itemId/dependents",
  permission: "profile:read",
  summary: "What was made from an item",
  description: "By distance. At most 1,000 items; `truncated` tells that there are more.",
  tag: "Lineage",
  params: itemPath,
  query: z.strictObject({
    transitive: flag().meta({ description: "Follows dependents of dependents, up to 10 levels." }),
  }),
  answers: { 200: dependents },
  errors: ["item_not_found"],
  async handle({ vault, params, query }) {
    const { items, truncated } = await vault.lineage.dependents(params.itemId, query);
    return { status: 200, body: { items: await withSeals(vault, items), truncated } };
  },
});
