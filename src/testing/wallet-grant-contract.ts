import { beforeEach, expect, it } from "vitest";
import { addMs } from "../clock.ts";
import type { WalletId } from "../identifiers.ts";
import type { ContractContext } from "./engine.ts";
import { freshApiKeyId, freshGrant, freshWallet, keyFor, WALLET_LATER, WALLET_NOW } from "./wallet-records.ts";

export function walletGrantContract(context: ContractContext): void {
  const by = freshApiKeyId();
  let walletId: WalletId;

  const newWallet = async () => {
    const wallet = freshWallet();
    await context.tenant.wallets.insert(wallet, keyFor(wallet));
    return wallet.id;
  };
  beforeEach(async () => {
    walletId = await newWallet();
  });
  const given = async (over: Parameters<typeof freshGrant>[1] = {}, wallet = walletId) => {
    const grant = freshGrant(wallet, over);
    await context.tenant.walletGrants.insert(grant);
    return grant;
  };

  it("come back as they were inserted, and not to another tenant", async () => {
    const expiresAt = WALLET_LATER;
    const granter = { type: "api_key", id: by } as const;
    const whole = await given({ right: "sign", reason: "Für «die» Abgabe", grantedBy: granter, expiresAt });
    const bare = await given();
    for (const grant of [whole, bare]) {
      expect(await context.tenant.walletGrants.get(grant.id)).toEqual(grant);
      expect(await context.other.walletGrants.get(grant.id)).toBeUndefined();
      const { grantee } = grant;
      expect(await context.other.walletGrants.listActive({ grantee, at: WALLET_NOW })).toEqual([]);
      expect(await context.other.walletGrants.revoke(grant.id, { at: WALLET_NOW, by })).toBe(false);
      expect(await context.tenant.walletGrants.get(grant.id)).toEqual(grant);
    }
    expect((await context.other.walletGrants.list(walletId, { limit: 10 })).items).toEqual([]);
  });

  it("are listed for their wallet, newest first, in pages, whatever became of them", async () => {
    const grants = [await given(), await given({ expiresAt: WALLET_NOW }), await given()].reverse();
    await given({}, await newWallet());
    const { walletGrants } = context.tenant;
    await walletGrants.revoke(grants[1]?.id as never, { at: WALLET_LATER, by });
    const first = await walletGrants.list(walletId, { limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(grants.slice(0, 2).map(({ id }) => id));
    const rest = await walletGrants.list(walletId, { limit: 2, cursor: first.nextCursor ?? undefined });
    expect(rest).toEqual({ items: grants.slice(2), nextCursor: null });
    const foreign = walletGrants.list(await newWallet(), { limit: 2, cursor: first.nextCursor ?? undefined });
    await expect(foreign).rejects.toMatchObject({ code: "invalid_cursor" });
  });

  it("are active until they expire or are revoked", async () => {
    const grantee = freshApiKeyId();
    const forever = await given({ grantee });
    const short = await given({ grantee, right: "sign", expiresAt: WALLET_LATER });
    const revoked = await given({ grantee });
    const elsewhere = await given({ grantee }, await newWallet());
    await given();
    const { walletGrants } = context.tenant;
    await walletGrants.revoke(revoked.id, { at: WALLET_NOW, by });
    const active = (at: typeof WALLET_NOW, wallet?: WalletId) =>
      walletGrants.listActive({ grantee, at, walletId: wallet });
    expect(await active(WALLET_NOW, walletId)).toEqual([forever, short]);
    expect(await active(addMs(WALLET_LATER, -1), walletId)).toEqual([forever, short]);
    expect(await active(WALLET_LATER, walletId)).toEqual([forever]);
    expect(await active(WALLET_LATER)).toEqual([forever, elsewhere]);
  });

  it("are revoked once, by the first of several", async () => {
    const grant = await given({ right: "sign" });
    const { walletGrants } = context.tenant;
    const revocation = { at: WALLET_LATER, by };
    const results = await Promise.all(Array.from({ length: 5 }, () => walletGrants.revoke(grant.id, revocation)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await walletGrants.revoke(grant.id, { at: WALLET_NOW, by: null })).toBe(false);
    expect(await walletGrants.get(grant.id)).toEqual({ ...grant, revokedAt: WALLET_LATER, revokedBy: by });
    expect(await walletGrants.revoke(freshGrant(walletId).id, revocation)).toBe(false);
  });
}
