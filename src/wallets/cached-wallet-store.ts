import type { TenantId, WalletId } from "../identifiers.ts";
import { type CachedReads, CacheMiss } from "../storage/cache/cached-reads.ts";
import { CommittedWrites } from "../storage/cache/watched-writes.ts";
import type { Wallet } from "./wallet.ts";
import { WalletCacheKeys, WalletKind } from "./wallet-cache.ts";
import type { WalletStore } from "./wallet-store.ts";
import { WatchedWalletStore } from "./watched-wallet-store.ts";

export interface WalletLives {
  readonly walletMs: number;
}

export interface CachedWalletStoreOptions {
  readonly tenantId: TenantId;
  /** Outside any transaction. */
  readonly inner: WalletStore;
  readonly reads: CachedReads;
  readonly lives: WalletLives;
}

/**
 * A store that keeps in the hot tier what is shown of a wallet. Keys and grants are read from the database, and so is
 * whatever decides about a signature.
 */
export class CachedWalletStore extends WatchedWalletStore {
  readonly #reads: CachedReads;
  readonly #keys: WalletCacheKeys;
  readonly #kind: WalletKind;

  constructor({ tenantId, inner, reads, lives }: CachedWalletStoreOptions) {
    const keys = new WalletCacheKeys(tenantId);
    super({ inner, keys, writes: new CommittedWrites(reads, tenantId) });
    this.#reads = reads;
    this.#keys = keys;
    this.#kind = new WalletKind(tenantId, keys, lives.walletMs);
  }

  override async view(walletId: WalletId): Promise<Wallet | undefined> {
    const key = this.#keys.wallet(walletId);
    const found = await this.#reads.find(key, this.#kind);
    if (!(found instanceof CacheMiss)) return found ?? undefined;
    const load = async () => (await this.inner.get(walletId)) ?? null;
    return (await this.#reads.load(key, this.#kind, { miss: found, load })) ?? undefined;
  }
}
