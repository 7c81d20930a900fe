import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG, walletGrant, walletGrantInput } from "../../schemas/wallet-schemas.ts";

export const grantWallet = defineRoute({
  name: "grantWallet",
  method: "POST",
  path: "/v1/wallets/:walletId/grants",
  permission: "wallet:sign",
  summary: "Let another API key read a wallet, or sign with it",
  description: "For its owner, and with `wallet:manage` for all.",
  tag: WALLET_TAG,
  params: walletPath,
  body: walletGrantInput,
  answers: { 201: walletGrant },
  errors: ["wallet_not_found", "wallet_not_active", "api_key_not_found", "limit_exceeded"],
  handle: async ({ vault, params, body }) => ({
    status: 201,
    body: await vault.walletGrants.grant(params.walletId, body),
  }),
});
