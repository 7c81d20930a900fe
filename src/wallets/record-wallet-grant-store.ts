import type { Instant } from "../clock.ts";
import { isVaultError } from "../errors.ts";
import type { ApiKeyId, WalletGrantId, WalletId } from "../identifiers.ts";
import type { Filter } from "../storage/filter.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { RecordScope, Repository } from "../storage/repository.ts";
import type { WalletGrant } from "./wallet.ts";
import { grantOf, grantRecordOf, WALLET_GRANTS, type WalletGrantRecord } from "./wallet-record.ts";
import type { ActiveGrantQuery, WalletGrantStore } from "./wallet-store.ts";

const ACTIVE_GRANTS_READ_MAX = 1_000;

export class RecordWalletGrantStore implements WalletGrantStore {
  readonly #grants: Repository<WalletGrantRecord>;

  constructor(scope: RecordScope) {
    this.#grants = scope.repository(WALLET_GRANTS);
  }

  async insert(grant: WalletGrant): Promise<void> {
    await this.#grants.add(grantRecordOf(grant));
  }

  async get(grantId: WalletGrantId): Promise<WalletGrant | undefined> {
    const record = await this.#grants.get(grantId);
    return record && grantOf(record);
  }

  async list(walletId: WalletId, { limit, cursor }: PageRequest): Promise<Page<WalletGrant>> {
    const filter: Filter = { op: "eq", path: ["walletId"], value: walletId };
    const orderBy = [{ path: ["id"], direction: "descending" }] as const;
    const page = await this.#grants.query({ filter, orderBy, limit, cursor });
    return { ...page, items: page.items.map(grantOf) };
  }

  async listActive({ grantee, walletId, at }: ActiveGrantQuery): Promise<readonly WalletGrant[]> {
    const filters: Filter[] = [
      { op: "eq", path: ["grantee"], value: grantee },
      { op: "eq", path: ["revokedAt"], value: null },
      {
        op: "or",
        filters: [
          { op: "eq", path: ["expiresAt"], value: null },
          { op: "gt", path: ["expiresAt"], value: at },
        ],
      },
    ];
    if (walletId !== undefined) filters.push({ op: "eq", path: ["walletId"], value: walletId });
    const { items } = await this.#grants.query({ filter: { op: "and", filters }, limit: ACTIVE_GRANTS_READ_MAX });
    return items.map(grantOf);
  }

  async revoke(grantId: WalletGrantId, { at, by }: { at: Instant; by: ApiKeyId | null }): Promise<boolean> {
    const record = await this.#grants.get(grantId);
    if (!record || record.revokedAt !== null) return false;
    try {
      await this.#grants.patch(grantId, { revokedAt: at, revokedBy: by }, { expectedVersion: record.version });
      return true;
    } catch (error) {
      // The only change that a grant ever sees is its revocation.
      if (isVaultError(error, "version_mismatch")) return false;
      throw error;
    }
  }
}
