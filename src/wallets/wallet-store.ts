import type { Instant } from "../clock.ts";
import type { ApiKeyId, WalletGrantId, WalletId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { SystemRole, Wallet, WalletGrant, WalletKey, WalletMetadata, WalletStatus } from "./wallet.ts";

/*
 * The wallets of the one tenant that the stores are bound to; those of other tenants do not exist for them. Every method
 * may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */

/** What of a wallet changes while its key stays. `undefined` leaves a member as it is. */
export interface WalletChange {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly metadata?: WalletMetadata | undefined;
  readonly status?: WalletStatus | undefined;
}

/** Whose wallets a list shows: all, or those that the API key owns and those named. */
export type WalletVisibility = "all" | { readonly ownerId: ApiKeyId; readonly walletIds: readonly WalletId[] };

/** A write to one version of a wallet. */
export interface WalletWrite {
  readonly at: Instant;
  readonly expectedVersion: number;
}

export interface WalletStore {
  /**
   * Writes both, with version 1. False when the tenant has a wallet of this system role; then nothing was written, and a
   * transaction comes to nothing.
   */
  insert(wallet: Omit<Wallet, "version">, key: WalletKey): Promise<boolean>;
  /** As it is committed, or as the transaction sees it: what decides about a signature. */
  get(walletId: WalletId): Promise<Wallet | undefined>;
  /** Like `get`, but it may be as old as a cache is that another process does not reach. For showing it. */
  view(walletId: WalletId): Promise<Wallet | undefined>;
  getSystem(role: SystemRole): Promise<Wallet | undefined>;
  /** Newest first (by id, descending), in every status. Rejects with `invalid_cursor`. */
  list(visibility: WalletVisibility, page: PageRequest): Promise<Page<Wallet>>;
  /** Rejects with `record_not_found` and `version_mismatch`. */
  update(walletId: WalletId, change: WalletChange, write: WalletWrite): Promise<Wallet>;
  /**
   * Makes the key the wallet's, and retires the one that it had, all or none. The key is of the wallet, and of its next
   * key version. Rejects with `record_not_found` and `version_mismatch`.
   */
  replaceKey(key: WalletKey, write: WalletWrite): Promise<Wallet>;
  /** Of any wallet, retired or not. */
  getKey(keyId: string): Promise<WalletKey | undefined>;
}

/** Which active grants are asked for; without a wallet, those on all wallets. */
export interface ActiveGrantQuery {
  readonly grantee: ApiKeyId;
  readonly walletId?: WalletId | undefined;
  /** Grants that expire at this instant or before are not active any more. */
  readonly at: Instant;
}

export interface WalletGrantStore {
  insert(grant: WalletGrant): Promise<void>;
  get(grantId: WalletGrantId): Promise<WalletGrant | undefined>;
  /** Newest first (by id, descending), revoked and expired ones too. Rejects with `invalid_cursor`. */
  list(walletId: WalletId, page: PageRequest): Promise<Page<WalletGrant>>;
  /** By id, ascending; the first 1,000. */
  listActive(query: ActiveGrantQuery): Promise<readonly WalletGrant[]>;
  /** False when it was revoked already, or when there is none; then nothing was written. */
  revoke(grantId: WalletGrantId, revocation: { readonly at: Instant; readonly by: ApiKeyId | null }): Promise<boolean>;
}
