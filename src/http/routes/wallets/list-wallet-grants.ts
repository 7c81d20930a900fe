import { z } from "zod";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG, walletGrantPage } from "../../schemas/wallet-schemas.ts";

export const listWalletGrants = defineRoute({
  name: "listWalletGrants",
  method: "GET",
  path: "/v1/wallets/:walletId/grants",
  permission: "wallet:read",
  summary: "List the grants on a wallet, newest first",
  description: "Revoked and expired ones too.",
  tag: WALLET_TAG,
  params: walletPath,
  query: z.strictObject(pageQuery),
  answers: { 200: walletGrantPage },
  errors: ["wallet_not_found", "invalid_cursor"],
  handle: async ({ vault, params, query }) => ({
    status: 200,
    body: await vault.walletGrants.list(params.walletId, query),
  }),
});
