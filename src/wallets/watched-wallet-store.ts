import type { WalletId } from "../identifiers.ts";
import type { WatchedWrites } from "../storage/cache/watched-writes.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { SystemRole, Wallet, WalletKey } from "./wallet.ts";
import type { WalletCacheKeys } from "./wallet-cache.ts";
import type { WalletChange, WalletStore, WalletVisibility, WalletWrite } from "./wallet-store.ts";

export interface WatchedWalletStoreOptions {
  readonly inner: WalletStore;
  readonly keys: WalletCacheKeys;
  readonly writes: WatchedWrites;
}

/** A store that reads nothing from the cache, and whose writes make the cache forget the wallet they change. */
export class WatchedWalletStore implements WalletStore {
  protected readonly inner: WalletStore;
  readonly #keys: WalletCacheKeys;
  readonly #writes: WatchedWrites;

  constructor({ inner, keys, writes }: WatchedWalletStoreOptions) {
    this.inner = inner;
    this.#keys = keys;
    this.#writes = writes;
  }

  /** A wallet that was not there is not in the cache either. */
  insert(wallet: Omit<Wallet, "version">, key: WalletKey): Promise<boolean> {
    return this.inner.insert(wallet, key);
  }

  get(walletId: WalletId): Promise<Wallet | undefined> {
    return this.inner.get(walletId);
  }

  view(walletId: WalletId): Promise<Wallet | undefined> {
    return this.inner.view(walletId);
  }

  getSystem(role: SystemRole): Promise<Wallet | undefined> {
    return this.inner.getSystem(role);
  }

  list(visibility: WalletVisibility, page: PageRequest): Promise<Page<Wallet>> {
    return this.inner.list(visibility, page);
  }

  update(walletId: WalletId, change: WalletChange, write: WalletWrite): Promise<Wallet> {
    return this.#change(walletId, () => this.inner.update(walletId, change, write));
  }

  replaceKey(key: WalletKey, write: WalletWrite): Promise<Wallet> {
    return this.#change(key.walletId, () => this.inner.replaceKey(key, write));
  }

  getKey(keyId: string): Promise<WalletKey | undefined> {
    return this.inner.getKey(keyId);
  }

  #change<T>(walletId: WalletId, write: () => Promise<T>): Promise<T> {
    const staleness = { operation: "wallet", keys: [this.#keys.wallet(walletId)], tags: [] } as const;
    return this.#writes.run({ write, staleAfter: () => staleness });
  }
}
