import { entityTag } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG, wallet } from "../../schemas/wallet-schemas.ts";

export const rotateWalletKey = defineRoute({
  name: "rotateWalletKey",
  method: "POST",
  path: "/v1/wallets/:walletId/rotate",
  permission: "wallet:sign",
  summary: "Put a new key in the place of a wallet's",
  description:
    "For its owner, and with `wallet:manage` for all, those of the vault itself too. What the old key signed stays valid.",
  tag: WALLET_TAG,
  params: walletPath,
  answers: { 200: wallet },
  errors: ["wallet_not_found", "wallet_not_active", "write_conflict"],
  async handle({ vault, params }) {
    const rotated = await vault.wallets.rotate(params.walletId);
    return { status: 200, headers: { etag: entityTag(rotated.version) }, body: rotated };
  },
});
