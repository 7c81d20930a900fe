import { addMs, type Instant } from "../clock.ts";
import type { ApiKeyId, WalletId } from "../identifiers.ts";
import type { Wallet, WalletGrant, WalletKey } from "../wallets/wallet.ts";
import { seededIds } from "./seeded-ids.ts";

const ids = seededIds(20_261_208);

export const WALLET_NOW = "2026-03-03T09:30:00.000Z" as Instant;
export const WALLET_LATER: Instant = addMs(WALLET_NOW, 60_000);

export type NewWalletRecord = Omit<Wallet, "version">;

/** A wallet of a caller, with an id, an owner and a key of its own. */
export function freshWallet(over: Partial<NewWalletRecord> = {}): NewWalletRecord {
  return {
    id: ids.uuid<WalletId>(),
    name: "Кошелёк «one» 🗝",
    description: null,
    algorithm: "ed25519",
    keyId: freshHex(16),
    publicKey: freshHex(32),
    keyVersion: 1,
    status: "active",
    purposes: ["attestation"],
    systemRole: null,
    owner: { type: "api_key", id: ids.uuid<ApiKeyId>() },
    metadata: {},
    createdAt: WALLET_NOW,
    updatedAt: WALLET_NOW,
    ...over,
  };
}

/** The key that the wallet names. */
export function keyFor(wallet: NewWalletRecord, over: Partial<WalletKey> = {}): WalletKey {
  const { id: walletId, keyId: id, keyVersion, algorithm, publicKey } = wallet;
  const own = { id, walletId, keyVersion, algorithm, publicKey };
  return { ...own, wrappedPrivateKey: `wrapped ${id}`, createdAt: WALLET_NOW, retiredAt: null, ...over };
}

/** The key of a rotation. */
export function nextKeyFor(wallet: NewWalletRecord): WalletKey {
  const keyVersion = wallet.keyVersion + 1;
  return keyFor({ ...wallet, keyId: freshHex(16), publicKey: freshHex(32), keyVersion }, { createdAt: WALLET_LATER });
}

export function freshGrant(walletId: WalletId, over: Partial<WalletGrant> = {}): WalletGrant {
  return {
    id: ids.uuid(),
    walletId,
    grantee: ids.uuid<ApiKeyId>(),
    right: "read",
    reason: null,
    grantedBy: { type: "system", id: null },
    grantedAt: WALLET_NOW,
    expiresAt: null,
    revokedAt: null,
    revokedBy: null,
    ...over,
  };
}

export function freshApiKeyId(): ApiKeyId {
  return ids.uuid<ApiKeyId>();
}

function freshHex(bytes: number): string {
  return Buffer.from(ids.bytes(bytes)).toString("hex");
}
