import { defineRoute } from "../../route.ts";
import { walletGrantPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG } from "../../schemas/wallet-schemas.ts";

export const revokeWalletGrant = defineRoute({
  name: "revokeWalletGrant",
  method: "DELETE",
  path: "/v1/wallets/:walletId/grants/:grantId",
  permission: "wallet:sign",
  summary: "Revoke a grant on a wallet",
  description: "For the wallet's owner, and with `wallet:manage` for all. Revoking it again changes nothing.",
  tag: WALLET_TAG,
  params: walletGrantPath,
  answers: { 204: null },
  errors: ["wallet_not_found", "wallet_grant_not_found"],
  async handle({ vault, params }) {
    await vault.walletGrants.revoke(params.walletId, params.grantId);
    return { status: 204 };
  },
});
