import { VaultError } from "../errors.ts";
import { isUuid, type WalletId } from "../identifiers.ts";
import type { Filter } from "../storage/filter.ts";
import { decodeCursor, encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import type { RecordScope, Repository } from "../storage/repository.ts";
import { wasAdded } from "../tenants/tenant-record.ts";
import type { SystemRole, Wallet, WalletKey } from "./wallet.ts";
import { keyOf, WALLET_KEYS, WALLETS, type WalletRecord, walletOf, walletRecordOf } from "./wallet-record.ts";
import type { WalletChange, WalletStore, WalletVisibility, WalletWrite } from "./wallet-store.ts";

export class RecordWalletStore implements WalletStore {
  readonly #scope: RecordScope;
  readonly #wallets: Repository<WalletRecord>;

  constructor(scope: RecordScope) {
    this.#scope = scope;
    this.#wallets = scope.repository(WALLETS);
  }

  insert(wallet: Omit<Wallet, "version">, key: WalletKey): Promise<boolean> {
    const adding = this.#scope.transaction(async (scope) => {
      await scope.repository(WALLETS).add(walletRecordOf(wallet));
      await scope.repository(WALLET_KEYS).add(key);
    });
    return wasAdded(adding);
  }

  async get(walletId: WalletId): Promise<Wallet | undefined> {
    const record = await this.#wallets.get(walletId);
    return record && walletOf(record);
  }

  view(walletId: WalletId): Promise<Wallet | undefined> {
    return this.get(walletId);
  }

  async getSystem(role: SystemRole): Promise<Wallet | undefined> {
    const filter: Filter = { op: "eq", path: ["systemRole"], value: role };
    const [record] = (await this.#wallets.query({ filter, limit: 1 })).items;
    return record && walletOf(record);
  }

  async list(visibility: WalletVisibility, { limit, cursor }: PageRequest): Promise<Page<Wallet>> {
    const listName = visibility === "all" ? "wallets" : `wallets ${visibility.ownerId}`;
    const after = cursor === undefined ? undefined : positionOf(listName, cursor);
    const filters: Filter[] = [];
    if (visibility !== "all") filters.push(visibleTo(visibility));
    if (after !== undefined) filters.push({ op: "lt", path: ["id"], value: after });
    const { items } = await this.#wallets.query({
      filter: { op: "and", filters },
      orderBy: [{ path: ["id"], direction: "descending" }],
      limit: limit + 1,
    });
    return pageOf(items.map(walletOf), limit, (last) => encodeCursor(listName, [last.id]));
  }

  async update(walletId: WalletId, change: WalletChange, { at, expectedVersion }: WalletWrite): Promise<Wallet> {
    const patch = { ...change, updatedAt: at } as Partial<Omit<WalletRecord, "id" | "version">>;
    return walletOf(await this.#wallets.patch(walletId, patch, { expectedVersion }));
  }

  replaceKey(key: WalletKey, { at, expectedVersion }: WalletWrite): Promise<Wallet> {
    const { walletId, id: keyId, publicKey, keyVersion } = key;
    return this.#scope.transaction(async (scope) => {
      const wallets = scope.repository(WALLETS);
      const keys = scope.repository(WALLET_KEYS);
      const before = await wallets.get(walletId);
      // The wallet first: its version lets one of several rotations go on, and the others have written nothing.
      const change = { keyId, publicKey, keyVersion, updatedAt: at };
      const wallet = walletOf(await wallets.patch(walletId, change, { expectedVersion }));
      if (before) await keys.patch(before.keyId, { retiredAt: at });
      await keys.add(key);
      return wallet;
    });
  }

  async getKey(keyId: string): Promise<WalletKey | undefined> {
    const record = await this.#scope.repository(WALLET_KEYS).get(keyId);
    return record && keyOf(record);
  }
}

function visibleTo({ ownerId, walletIds }: Exclude<WalletVisibility, "all">): Filter {
  const own: Filter = { op: "eq", path: ["ownerId"], value: ownerId };
  return walletIds.length === 0 ? own : { op: "or", filters: [own, { op: "in", path: ["id"], values: walletIds }] };
}

/**
 * Where a page ended. A position of its own and not that of the records' query, which would be lost whenever what the
 * caller may see changes between two pages.
 */
function positionOf(listName: string, cursor: string): string {
  const [id] = decodeCursor(listName, cursor, 1);
  if (id !== undefined && isUuid(id)) return id;
  throw new VaultError("invalid_cursor", "The cursor does not belong to this list.");
}
