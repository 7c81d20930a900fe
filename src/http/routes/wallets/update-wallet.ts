import { entityTag, expectedVersion } from "../../entity-tag.ts";
import { defineRoute } from "../../route.ts";
import { walletPath } from "../../schemas/path-schemas.ts";
import { WALLET_TAG, wallet, walletPatchInput } from "../../schemas/wallet-schemas.ts";

export const updateWallet = defineRoute({
  name: "updateWallet",
  method: "PATCH",
  path: "/v1/wallets/:walletId",
  permission: "wallet:sign",
  summary: "Change a wallet's name, description, metadata or status",
  description:
    "For its owner, and with `wallet:manage` for all. `archived` and `locked` wallets sign nothing; either becomes " +
    "`active` again.",
  tag: WALLET_TAG,
  params: walletPath,
  body: walletPatchInput,
  answers: { 200: wallet },
  takesIfMatch: true,
  errors: ["wallet_not_found", "wallet_status_conflict", "version_mismatch", "write_conflict"],
  async handle({ vault, params, body, ifMatch }) {
    const patch = { ...body, expectedVersion: expectedVersion(ifMatch) };
    const changed = await vault.wallets.update(params.walletId, patch);
    return { status: 200, headers: { etag: entityTag(changed.version) }, body: changed };
  },
});
