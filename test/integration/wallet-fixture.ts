import type { ApiKey } from "../../src/tenants/api-key.ts";
import type { Role } from "../../src/tenants/role.ts";
import type { Method } from "./caller.ts";
import type { TenantCallers } from "./world.ts";

export interface WalletFixture {
  /** With two grants to read it; one is of who the fixture is for, if it needs one. */
  readonly walletId: string;
  readonly spareWalletId: string;
  readonly walletGrantId: string;
}

/** Wallets of the role; one that cannot have any gets a grant. The key is one that grants can be made to. */
export async function newWallets(
  callers: TenantCallers,
  { role, apiKeyId }: { readonly role: Role; readonly apiKeyId: string },
): Promise<WalletFixture> {
  const owner = role === "auditor" ? callers.admin : callers[role];
  const newWallet = async () => {
    const body = { name: "Signs", purposes: ["attestation"] };
    return (await owner.post<{ id: string }>("/v1/wallets", body)).expect(201).id;
  };
  const [walletId, spareWalletId] = [await newWallet(), await newWallet()];
  const grant = async (grantee: string) => {
    const reply = await owner.post<{ id: string }>(`/v1/wallets/${walletId}/grants`, { grantee, right: "read" });
    return reply.expect(201).id;
  };
  const keys = await callers.admin.get<{ items: ApiKey[] }>("/v1/api-keys?limit=100");
  const reader = keys.expect(200).items.find(({ name, role: keyRole }) => name === role && keyRole === role);
  await grant(reader?.id ?? apiKeyId);
  return { walletId, spareWalletId, walletGrantId: await grant(apiKeyId) };
}

interface WalletRequest {
  readonly method: Method;
  readonly url: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const walletUrl = ({ walletId }: WalletFixture) => `/v1/wallets/${walletId}`;
const get = (url: string): WalletRequest => ({ method: "GET", url });

/** The part of `ROUTE_REQUESTS` that is about wallets. */
export const WALLET_REQUESTS: Readonly<
  Record<string, (fixture: WalletFixture & { readonly apiKeyId: string }) => WalletRequest>
> = {
  createWallet: () => {
    const body = { name: "Made", description: "For votes", algorithm: "p256", purposes: ["attestation", "vote"] };
    return { method: "POST", url: "/v1/wallets", body: { ...body, metadata: { team: "credit", cost: 1.5 } } };
  },
  listWallets: () => get("/v1/wallets?limit=1"),
  getWallet: (fixture) => get(walletUrl(fixture)),
  updateWallet: (fixture) => {
    const body = { name: "Renamed", description: "Signs", metadata: { live: true, team: "credit" }, status: "active" };
    return { method: "PATCH", url: walletUrl(fixture), body };
  },
  deleteWallet: ({ spareWalletId }) => ({ method: "DELETE", url: `/v1/wallets/${spareWalletId}` }),
  rotateWalletKey: (fixture) => ({ method: "POST", url: `${walletUrl(fixture)}/rotate` }),
  signMessage: (fixture) => {
    const content = { claim: "adult", evidence: [{ page: 1, seen: true }] };
    return { method: "POST", url: `${walletUrl(fixture)}/sign`, body: { kind: "attestation", content } };
  },
  grantWallet: (fixture) => {
    const body = { grantee: fixture.apiKeyId, right: "sign", reason: "Holiday", expiresAt: "2030-01-01T00:00:00Z" };
    return { method: "POST", url: `${walletUrl(fixture)}/grants`, body };
  },
  listWalletGrants: (fixture) => get(`${walletUrl(fixture)}/grants?limit=1`),
  revokeWalletGrant: (fixture) => ({ method: "DELETE", url: `${walletUrl(fixture)}/grants/${fixture.walletGrantId}` }),
};
