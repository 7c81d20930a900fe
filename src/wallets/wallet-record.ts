import type { ApiKeyId, WalletGrantId, WalletId } from "../identifiers.ts";
import type { Entity, RepositoryDescriptor } from "../storage/repository.ts";
import type { Wallet, WalletGrant, WalletKey, WalletOwner } from "./wallet.ts";

/** A wallet as it is kept: an owner without an id is the system. */
export interface WalletRecord extends Entity, Omit<Wallet, "owner"> {
  readonly id: WalletId;
  readonly ownerId: ApiKeyId | null;
}

export interface WalletKeyRecord extends Entity, WalletKey {}

export interface WalletGrantRecord extends Entity, Omit<WalletGrant, "grantedBy"> {
  readonly id: WalletGrantId;
  readonly grantedBy: ApiKeyId | null;
}

/** However many make a system wallet at once, its unique rule lets one of them have made it. */
export const WALLETS: RepositoryDescriptor<WalletRecord> = {
  name: "wallets",
  idType: "uuid",
  tenantColumn: "tenant_id",
  columns: [
    { property: "name", column: "name", type: "text" },
    { property: "description", column: "description", type: "text", nullable: true },
    { property: "algorithm", column: "algorithm", type: "text" },
    { property: "keyId", column: "key_id", type: "text" },
    { property: "publicKey", column: "public_key", type: "hex" },
    { property: "keyVersion", column: "key_version", type: "integer" },
    { property: "status", column: "status", type: "text" },
    { property: "purposes", column: "purposes", type: "json" },
    { property: "systemRole", column: "system_role", type: "text", nullable: true },
    { property: "ownerId", column: "owner_id", type: "uuid", nullable: true },
    { property: "metadata", column: "metadata", type: "json" },
    { property: "createdAt", column: "created_at", type: "instant" },
    { property: "updatedAt", column: "updated_at", type: "instant" },
  ],
  unique: [{ name: "wallets_system_role_key", properties: ["systemRole"], within: "tenant" }],
};

export const WALLET_KEYS: RepositoryDescriptor<WalletKeyRecord> = {
  name: "wallet_keys",
  idType: "text",
  tenantColumn: "tenant_id",
  columns: [
    { property: "walletId", column: "wallet_id", type: "uuid" },
    { property: "keyVersion", column: "key_version", type: "integer" },
    { property: "algorithm", column: "algorithm", type: "text" },
    { property: "publicKey", column: "public_key", type: "hex" },
    { property: "wrappedPrivateKey", column: "wrapped_private_key", type: "text" },
    { property: "createdAt", column: "created_at", type: "instant" },
    { property: "retiredAt", column: "retired_at", type: "instant", nullable: true },
  ],
  unique: [{ name: "wallet_keys_version_key", properties: ["walletId", "keyVersion"], within: "tenant" }],
};

export const WALLET_GRANTS: RepositoryDescriptor<WalletGrantRecord> = {
  name: "wallet_grants",
  idType: "uuid",
  tenantColumn: "tenant_id",
  columns: [
    { property: "walletId", column: "wallet_id", type: "uuid" },
    { property: "grantee", column: "grantee", type: "uuid" },
    { property: "right", column: "access_right", type: "text" },
    { property: "reason", column: "reason", type: "text", nullable: true },
    { property: "grantedBy", column: "granted_by", type: "uuid", nullable: true },
    { property: "grantedAt", column: "granted_at", type: "instant" },
    { property: "expiresAt", column: "expires_at", type: "instant", nullable: true },
    { property: "revokedAt", column: "revoked_at", type: "instant", nullable: true },
    { property: "revokedBy", column: "revoked_by", type: "uuid", nullable: true },
  ],
  unique: [],
};

export function walletOf({ ownerId, ...record }: WalletRecord): Wallet {
  return { ...record, owner: ownerOf(ownerId) };
}

export function walletRecordOf({ owner, ...wallet }: Omit<Wallet, "version">): Omit<WalletRecord, "version"> {
  return { ...wallet, ownerId: owner.id };
}

export function keyOf({ version: _, ...key }: WalletKeyRecord): WalletKey {
  return key;
}

export function grantOf({ version: _, grantedBy, ...grant }: WalletGrantRecord): WalletGrant {
  return { ...grant, grantedBy: ownerOf(grantedBy) };
}

export function grantRecordOf({ grantedBy, ...grant }: WalletGrant): Omit<WalletGrantRecord, "version"> {
  return { ...grant, grantedBy: grantedBy.id };
}

function ownerOf(id: ApiKeyId | null): WalletOwner {
  return id === null ? { type: "system", id } : { type: "api_key", id };
}
