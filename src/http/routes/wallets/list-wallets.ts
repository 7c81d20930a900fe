import { z } from "zod";
import { pageQuery } from "../../page-schema.ts";
import { defineRoute } from "../../route.ts";
import { WALLET_TAG, walletPage } from "../../schemas/wallet-schemas.ts";

export const listWallets = defineRoute({
  name: "listWallets",
  method: "GET",
  path: "/v1/wallets",
  permission: "wallet:read",
  summary: "List wallets, newest first",
  description:
    "Those that the caller owns or holds a grant on; with `wallet:manage` all, those of the vault itself too.",
  tag: WALLET_TAG,
  query: z.strictObject(pageQuery),
  answers: { 200: walletPage },
  errors: ["invalid_cursor"],
  handle: async ({ vault, query }) => ({ status: 200, body: await vault.wallets.list(query) }),
});
