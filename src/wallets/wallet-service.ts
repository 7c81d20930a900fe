import { invariant, isVaultError, VaultError } from "../errors.ts";
import type { WalletId } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { SuiteId } from "../signatures/signature-suite.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import { planWalletChange } from "./plan-wallet-change.ts";
import { type SignatureRequest, type SignedMessage, signMessage } from "./sign-message.ts";
import { CALLER_PURPOSES, type CallerPurpose, type Wallet, type WalletMetadata } from "./wallet.ts";
import { accessOf, managesAll, ownerOf, requireManaged, requireOfCallers } from "./wallet-access.ts";
import { type WalletServiceOptions, type WalletStores, walletEvent } from "./wallet-services.ts";
import type { WalletChange, WalletVisibility } from "./wallet-store.ts";

export interface NewWallet {
  readonly name: string;
  readonly description?: string | null | undefined;
  /** `ed25519` when left out. */
  readonly algorithm?: SuiteId | undefined;
  /** At least one. */
  readonly purposes: readonly CallerPurpose[];
  readonly metadata?: WalletMetadata | undefined;
}

export interface WalletPatch extends WalletChange {
  /** The change is for one of these versions only; for any when left out. */
  readonly expectedVersion?: readonly number[] | undefined;
}

/**
 * The wallets of one tenant, in the name of one caller. Every method that names a wallet rejects with `wallet_not_found`
 * when there is none in the tenant, and when the caller may not know of it.
 */
export class WalletService {
  readonly #options: WalletServiceOptions;

  constructor(options: WalletServiceOptions) {
    this.#options = options;
  }

  /** The caller owns it. Rejects with `invalid_request` for a purpose that is not for callers. */
  async create(input: NewWallet): Promise<Wallet> {
    const { clock, ids, keys, call } = this.#options;
    const purposes = requirePurposes(input.purposes);
    const { name, description = null, algorithm = "ed25519", metadata = {} } = input;
    const now = clock.now();
    const id = ids.uuid<WalletId>();
    const key = await keys.generate({ walletId: id, keyVersion: 1, algorithm }, now);
    const { id: keyId, publicKey, keyVersion } = key;
    const own = { id, name, description, purposes, systemRole: null, owner: ownerOf(call.actor), metadata };
    const life = { status: "active", createdAt: now, updatedAt: now } as const;
    const wallet = { ...own, algorithm, keyId, publicKey, keyVersion, ...life };
    await this.#options.transaction(async ({ wallets, audit }) => {
      invariant(await wallets.insert(wallet, key), "only a system wallet can be there already");
      const eventData = { walletId: id, purposes, keyId, algorithm, publicKey };
      await audit.append([walletEvent(this.#options, { eventType: "wallet_created", eventData })]);
    });
    return { ...wallet, version: 1 };
  }

  async get(walletId: WalletId): Promise<Wallet> {
    const { stores, clock, call } = this.#options;
    const wallet = await stores.wallets.view(walletId);
    return (await accessOf({ walletId, wallet, actor: call.actor, at: clock.now() }, stores.grants)).wallet;
  }

  /** Those that the caller may see, newest first. Rejects with `invalid_cursor`. */
  async list(page: PageRequest): Promise<Page<Wallet>> {
    return this.#options.stores.wallets.list(await this.#visibility(), page);
  }

  /**
   * Members that are left out stay as they are; when nothing changes, nothing is written. Rejects with `forbidden`,
   * `version_mismatch`, `wallet_status_conflict`, and with `write_conflict` when somebody was faster.
   */
  async update(walletId: WalletId, { expectedVersion, ...patch }: WalletPatch): Promise<Wallet> {
    const { clock, call } = this.#options;
    return this.#change(walletId, async (found, { wallets, audit }) => {
      const wallet = requireOfCallers(found);
      requireVersion(wallet, expectedVersion);
      const { change, changed } = planWalletChange(wallet, patch, managesAll(call.actor));
      if (changed.length === 0) return wallet;
      const write = { at: clock.now(), expectedVersion: wallet.version };
      const updated = await unlessOutrun(wallets.update(walletId, change, write));
      const event = { eventType: "wallet_updated", eventData: { walletId, changed } } as const;
      await audit.append([walletEvent(this.#options, event)]);
      return updated;
    });
  }

  /** Nothing is signed with it any more. It stays to be read, and so do its keys. Rejects like `update`. */
  delete(walletId: WalletId): Promise<Wallet> {
    return this.update(walletId, { status: "deleted" });
  }

  /**
   * Puts a new key in the place of the wallet's, which the vault's own wallets get too. The old one signs nothing more.
   * Rejects with `forbidden`, with `wallet_not_active` for a wallet that is archived or deleted, and with
   * `write_conflict` when somebody changed the wallet at the same time.
   */
  async rotate(walletId: WalletId): Promise<Wallet> {
    const { clock, keys } = this.#options;
    await keys.prepare();
    return this.#change(walletId, async (wallet, { wallets, audit }) => {
      if (wallet.status !== "active" && wallet.status !== "locked") throw notActive(wallet);
      const { algorithm, purposes, keyId: replaces, version: expectedVersion } = wallet;
      const now = clock.now();
      const key = await keys.generate({ walletId, keyVersion: wallet.keyVersion + 1, algorithm }, now);
      const rotated = await unlessOutrun(wallets.replaceKey(key, { at: now, expectedVersion }));
      const { keyId, publicKey, keyVersion } = rotated;
      const eventData: JsonObject & { walletId: string } = {
        walletId,
        purposes,
        keyId,
        algorithm,
        publicKey,
        replaces,
        keyVersion,
      };
      await audit.append([walletEvent(this.#options, { eventType: "wallet_key_rotated", eventData })]);
      return rotated;
    });
  }

  /**
   * Signs a message of a kind that the wallet is for. Looked at in this order: `wallet_not_found`, `wallet_not_active`,
   * `forbidden` for who neither owns the wallet nor holds a grant to sign, `wallet_purpose_not_allowed`,
   * `invalid_value` for content that has no canonical form, `limit_exceeded` for too much of it. That it was signed is in
   * the audit journal before the signature is known. Within a transaction it is there once that is committed, and the
   * signature must not be let out before.
   */
  sign(walletId: WalletId, request: SignatureRequest): Promise<SignedMessage> {
    return signMessage(this.#options, walletId, request);
  }

  async #visibility(): Promise<WalletVisibility> {
    const { stores, clock, call } = this.#options;
    const { actor } = call;
    if (actor.type === "system" || managesAll(actor)) return "all";
    const grants = await stores.grants.listActive({ grantee: actor.id, at: clock.now() });
    return { ownerId: actor.id, walletIds: [...new Set(grants.map(({ walletId }) => walletId))] };
  }

  /** In one transaction, with the wallet as it is in the database, for who may change it. */
  async #change<T>(walletId: WalletId, work: (wallet: Wallet, stores: WalletStores) => Promise<T>): Promise<T> {
    const { call, clock } = this.#options;
    return this.#options.transaction(async (stores) => {
      const question = { walletId, actor: call.actor, at: clock.now(), wallet: await stores.wallets.get(walletId) };
      return work(requireManaged(await accessOf(question, stores.grants)), stores);
    });
  }
}

/** The version that is expected was read in the same transaction: the caller knows nothing of it. */
async function unlessOutrun<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (!isVaultError(error, "version_mismatch")) throw error;
    throw new VaultError("write_conflict", "Somebody changed the wallet at the same time.", { cause: error });
  }
}

function requirePurposes(purposes: readonly string[]): readonly CallerPurpose[] {
  const isForCallers = (purpose: string) => (CALLER_PURPOSES as readonly string[]).includes(purpose);
  if (purposes.length > 0 && purposes.every(isForCallers)) {
    return [...new Set(purposes as readonly CallerPurpose[])].sort();
  }
  const message = `Expected at least one of ${CALLER_PURPOSES.join(", ")}.`;
  throw new VaultError("invalid_request", "The wallet cannot be for this.", {
    errors: [{ path: "/purposes", code: "invalid_value", message }],
  });
}

function requireVersion({ version }: Wallet, expected: readonly number[] | undefined): void {
  if (expected === undefined || expected.includes(version)) return;
  throw new VaultError("version_mismatch", "The wallet changed since it was read.", { details: { version } });
}

function notActive({ status }: Wallet): VaultError {
  return new VaultError("wallet_not_active", `The wallet is ${status}.`, { details: { status } });
}
