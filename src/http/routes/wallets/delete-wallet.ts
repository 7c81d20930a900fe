import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG } from "../../schemas/wallet-schemas.ts";

export const deleteWallet = defineRoute({
  name: "deleteWallet",
  method: "DELETE",
  path: "/v1/wallets/:walletId",
  permission: "wallet:sign",
  summary: "Delete a wallet",
  description:
    "For its owner, and with `wallet:manage` for all. It signs nothing any more and never will. It stays to be read, " +
    "because what it signed stays valid.",
  tag: WALLET_TAG,
  params: walletPath,
  answers: { 204: null },
  errors: ["wallet_not_found", "write_conflict"],
  async handle({ vault, params }) {
    await vault.wallets.delete(params.walletId);
    return { status: 204 };
  },
});
