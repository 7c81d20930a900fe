import { withSeals } from "../../ledger-places.ts";
import { defineRoute } from "../../route.ts";
import { itemPath } from "../../schemas/path-schemas.ts";
import { derivationChain } from "../../schemas/profile-schemas.ts";

export const getLineage = defineRoute({
  name: "getLineage",
  method: "GET",
  path: "/v1/items/:itemId/lineage",
  permission: "profile:read",
  summary: "Where an item came from",
  description: "The item and its ancestors, every source before what was made from it; at most 10 items.",
  tag: "Lineage",
  params: itemPath,
  answers: { 200: derivationChain },
  errors: ["item_not_found"],
  async handle({ vault, params }) {
    const chain = await vault.lineage.chain(params.itemId);
    return { status: 200, body: { ...chain, items: await withSeals(vault, chain.items) } };
  },
});
