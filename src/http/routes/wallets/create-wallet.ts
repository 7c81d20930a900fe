import { entityTag } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { WALLET_TAG, wallet, walletInput } from "../../schemas/wallet-schemas.ts";

export const createWallet = defineRoute({
  name: "createWallet",
  method: "POST",
  path: "/v1/wallets",
  permission: "wallet:sign",
  summary: "Make a wallet",
  description: "The calling API key owns it. The private key is made here and is never shown.",
  tag: WALLET_TAG,
  body: walletInput,
  answers: { 201: wallet },
  async handle({ vault, body }) {
    const made = await vault.wallets.create(body);
    const headers = { location: `/v1/wallets/${made.id}`, etag: entityTag(made.version) };
    return { status: 201, headers, body: made };
  },
});
