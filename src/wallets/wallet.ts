import type { Instant } from "../clock.ts";
import type { ApiKeyId, WalletGrantId, WalletId } from "../identifiers.ts";
import type { MessageKind } from "../signatures/domain-separated.ts";
import type { SuiteId } from "../signatures/signature-suite.ts";

export const WALLET_NAME_LENGTH_MAX = 256;
export const WALLET_DESCRIPTION_LENGTH_MAX = 1_024;
export const METADATA_MEMBERS_MAX = 32;
export const METADATA_NAME_LENGTH_MAX = 64;
export const METADATA_TEXT_LENGTH_MAX = 512;
export const GRANT_REASON_LENGTH_MAX = 500;
/** Grants that one API key holds at once; what is revoked or expired does not count. */
export const ACTIVE_GRANTS_PER_GRANTEE_MAX = 500;

/** Only an active wallet signs. `deleted` is final: the wallet stays, so that what it signed can be verified. */
export const WALLET_STATUSES = ["active", "archived", "locked", "deleted"] as const;
export type WalletStatus = (typeof WALLET_STATUSES)[number];

/** The kinds of messages that callers may have signed. All others are the vault's own. */
export const CALLER_PURPOSES = ["attestation", "vote"] as const satisfies readonly MessageKind[];
export type CallerPurpose = (typeof CALLER_PURPOSES)[number];

/** What the wallets of the vault itself are for, one of each in a tenant. */
export const SYSTEM_ROLES = ["tx", "checkpoint"] as const satisfies readonly MessageKind[];
export type SystemRole = (typeof SYSTEM_ROLES)[number];

/** Whoever made a wallet. The owner never changes. */
export type WalletOwner =
  | { readonly type: "api_key"; readonly id: ApiKeyId }
  | { readonly type: "system"; readonly id: null };

export type WalletMetadata = Readonly<Record<string, string | number | boolean | null>>;

/** A signing key with what is known about it, all of it public. The private key is in no value of this type. */
export interface Wallet {
  readonly id: WalletId;
  readonly name: string;
  readonly description: string | null;
  readonly algorithm: SuiteId;
  /** `keyIdOf` the public key. */
  readonly keyId: string;
  /** Lower-case hexadecimal. */
  readonly publicKey: string;
  /** 1, and 1 more with every rotation. */
  readonly keyVersion: number;
  readonly status: WalletStatus;
  /** What the wallet may sign, sorted. */
  readonly purposes: readonly MessageKind[];
  /** `null` for the wallets of callers. */
  readonly systemRole: SystemRole | null;
  readonly owner: WalletOwner;
  readonly metadata: WalletMetadata;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  /** 1, and 1 more with every change; the ETag. */
  readonly version: number;
}

/** One version of a wallet's key. */
export interface WalletKey {
  /** `keyIdOf` the public key. */
  readonly id: string;
  readonly walletId: WalletId;
  readonly keyVersion: number;
  readonly algorithm: SuiteId;
  /** Lower-case hexadecimal. */
  readonly publicKey: string;
  /** As `wrapKey` makes it, under the tenant's key. */
  readonly wrappedPrivateKey: string;
  readonly createdAt: Instant;
  /** When another key took its place. It is kept: what it signed stays valid. */
  readonly retiredAt: Instant | null;
}

export const GRANT_RIGHTS = ["read", "sign"] as const;
/** `sign` covers `read`. */
export type GrantRight = (typeof GRANT_RIGHTS)[number];

/** What the owner lets another API key do. Active until it is revoked, or until `expiresAt`. */
export interface WalletGrant {
  readonly id: WalletGrantId;
  readonly walletId: WalletId;
  readonly grantee: ApiKeyId;
  readonly right: GrantRight;
  readonly reason: string | null;
  readonly grantedBy: WalletOwner;
  readonly grantedAt: Instant;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
  /** `null` also when the system revoked it. */
  readonly revokedBy: ApiKeyId | null;
}
