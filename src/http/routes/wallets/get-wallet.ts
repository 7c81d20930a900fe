import { entityTag } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG, wallet } from "../../schemas/wallet-schemas.ts";

export const getWallet = defineRoute({
  name: "getWallet",
  method: "GET",
  path: "/v1/wallets/:walletId",
  permission: "wallet:read",
  summary: "Read one wallet",
  tag: WALLET_TAG,
  params: walletPath,
  answers: { 200: wallet },
  errors: ["wallet_not_found"],
  async handle({ vault, params }) {
    const found = await vault.wallets.get(params.walletId);
    return { status: 200, headers: { etag: entityTag(found.version) }, body: found };
  },
});
