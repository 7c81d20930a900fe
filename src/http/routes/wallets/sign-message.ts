import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { signatureInput, signedMessage, WALLET_TAG } from "../../schemas/wallet-schemas.ts";

export const signMessage = defineRoute({
  name: "signMessage",
  method: "POST",
  path: "/v1/wallets/:walletId/sign",
  permission: "wallet:sign",
  summary: "Sign a message with a wallet",
  description:
    "For its owner and for who holds a grant to sign; `wallet:manage` alone is not enough. Nothing is signed that is " +
    "not a message of a kind: no hashes and no bytes.",
  tag: WALLET_TAG,
  params: walletPath,
  body: signatureInput,
  answers: { 200: signedMessage },
  errors: ["wallet_not_found", "wallet_not_active", "wallet_purpose_not_allowed", "invalid_value", "limit_exceeded"],
  handle: async ({ vault, params, body }) => ({ status: 200, body: await vault.wallets.sign(params.walletId, body) }),
});
