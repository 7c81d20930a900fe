import type { Instant } from "../clock.ts";
import { VaultError } from "../errors.ts";
import type { ApiKeyId, WalletGrantId, WalletId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { ACTIVE_GRANTS_PER_GRANTEE_MAX, type GrantRight, type Wallet, type WalletGrant } from "./wallet.ts";
import { accessOf, ownerOf, requireManaged, requireOfCallers } from "./wallet-access.ts";
import { type WalletServiceOptions, type WalletStores, walletEvent } from "./wallet-services.ts";

export interface NewWalletGrant {
  readonly grantee: ApiKeyId;
  readonly right: GrantRight;
  readonly reason?: string | null | undefined;
  /** In the future; `null` for a grant that lives until it is revoked. */
  readonly expiresAt?: Instant | null | undefined;
}

/**
 * Who may use the wallets of one tenant besides their owners, in the name of one caller. Every method rejects with
 * `wallet_not_found` when there is no such wallet in the tenant, and when the caller may not know of it.
 */
export class WalletGrantService {
  readonly #options: WalletServiceOptions;

  constructor(options: WalletServiceOptions) {
    this.#options = options;
  }

  /**
   * For the owner and for who manages wallets. Rejects with `forbidden`, also for the vault's own wallets,
   * `invalid_request` when `expiresAt` is not in the future, `wallet_not_active` for a deleted wallet,
   * `api_key_not_found` for a grantee that is not in the tenant or was revoked, and with `limit_exceeded`.
   */
  async grant(walletId: WalletId, input: NewWalletGrant): Promise<WalletGrant> {
    const { clock, ids, call } = this.#options;
    const { grantee, right, reason = null, expiresAt = null } = input;
    const now = clock.now();
    return this.#options.transaction(async (stores) => {
      const wallet = requireOfCallers(await this.#managed(walletId, stores));
      requireGrantable(wallet, expiresAt, now);
      await requireGrantee(stores, grantee, now);
      const grant: WalletGrant = {
        id: ids.uuid(),
        walletId,
        grantee,
        right,
        reason,
        grantedBy: ownerOf(call.actor),
        grantedAt: now,
        expiresAt,
        revokedAt: null,
        revokedBy: null,
      };
      await stores.grants.insert(grant);
      const eventData = { walletId, grantId: grant.id, grantee, right, expiresAt };
      await stores.audit.append([walletEvent(this.#options, { eventType: "wallet_grant_added", eventData })]);
      return grant;
    });
  }

  /** For everybody who may see the wallet, newest first, revoked and expired ones too. Rejects with `invalid_cursor`. */
  async list(walletId: WalletId, page: PageRequest): Promise<Page<WalletGrant>> {
    const { stores, clock, call } = this.#options;
    const question = { walletId, actor: call.actor, at: clock.now(), wallet: await stores.wallets.get(walletId) };
    await accessOf(question, stores.grants);
    return stores.grants.list(walletId, page);
  }

  /**
   * It counts for nothing from now on. Revoking a revoked grant changes nothing. For the owner and for who manages wallets.
   * Rejects with `forbidden` and `wallet_grant_not_found`.
   */
  async revoke(walletId: WalletId, grantId: WalletGrantId): Promise<void> {
    const { clock, call } = this.#options;
    await this.#options.transaction(async (stores) => {
      await this.#managed(walletId, stores);
      const grant = await stores.grants.get(grantId);
      if (grant?.walletId !== walletId) {
        throw new VaultError("wallet_grant_not_found", "The wallet has no such grant.");
      }
      if (!(await stores.grants.revoke(grantId, { at: clock.now(), by: call.actor.id }))) return;
      const eventData = { walletId, grantId, grantee: grant.grantee, right: grant.right };
      await stores.audit.append([walletEvent(this.#options, { eventType: "wallet_grant_revoked", eventData })]);
    });
  }

  async #managed(walletId: WalletId, { wallets, grants }: WalletStores): Promise<Wallet> {
    const { clock, call } = this.#options;
    const question = { walletId, actor: call.actor, at: clock.now(), wallet: await wallets.get(walletId) };
    return requireManaged(await accessOf(question, grants));
  }
}

function requireGrantable({ status }: Wallet, expiresAt: Instant | null, now: Instant): void {
  if (status === "deleted")
    throw new VaultError("wallet_not_active", "The wallet is deleted.", { details: { status } });
  if (expiresAt === null || expiresAt > now) return;
  const error = { path: "/expiresAt", code: "invalid_value", message: "Expected an instant in the future." };
  throw new VaultError("invalid_request", "The grant would have expired already.", { errors: [error] });
}

async function requireGrantee({ apiKeys, grants }: WalletStores, grantee: ApiKeyId, now: Instant): Promise<void> {
  const apiKey = await apiKeys.get(grantee);
  if (!apiKey || apiKey.revokedAt !== null) {
    throw new VaultError("api_key_not_found", "There is no such API key in this tenant.");
  }
  const active = await grants.listActive({ grantee, at: now });
  if (active.length < ACTIVE_GRANTS_PER_GRANTEE_MAX) return;
  throw new VaultError("limit_exceeded", "The API key holds as many grants as it may.", {
    details: { limit: ACTIVE_GRANTS_PER_GRANTEE_MAX },
  });
}
