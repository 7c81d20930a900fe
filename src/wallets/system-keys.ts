import { LRUCache } from "lru-cache";
import type { AuditWriter } from "../audit/audit-store.ts";
import type { Clock } from "../clock.ts";
import { invariant, isVaultError, VaultError } from "../errors.ts";
import type { IdGenerator, TenantId, WalletId } from "../identifiers.ts";
import type { MessageKind } from "../signatures/domain-separated.ts";
import type { SuiteId } from "../signatures/signature-suite.ts";
import type { SignatureSuites } from "../signatures/signature-suites.ts";
import { SYSTEM_CONTEXT } from "../tenants/actor.ts";
import type { TenantKeyring } from "../tenants/tenant-keyring.ts";
import type { SystemRole, Wallet, WalletKey } from "./wallet.ts";
import { WalletKeys } from "./wallet-keys.ts";
import { walletEvent } from "./wallet-services.ts";
import type { WalletStore } from "./wallet-store.ts";

/** Signs with a key of the vault itself, which it holds in memory. */
export interface SystemSigner {
  readonly keyId: string;
  readonly algorithm: SuiteId;
  readonly publicKey: Uint8Array;
  /** 64 bytes over the message as it is: the caller separates domains. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * The keys that a tenant's register is sealed with. Not to be used within a transaction: they are read, and made, on a
 * session of their own. Every method rejects with `master_key_missing` and `integrity_violation` like `WalletKeys`.
 */
export interface SystemKeys {
  /**
   * The key in use at this moment, whichever process put it there. The wallet of `tx` is for dockets too, that of
   * `checkpoint` for checkpoints alone. It is made when it is first asked for; among many that ask, one makes it.
   */
  current(purpose: SystemRole): Promise<SystemSigner>;
  /** A key of one of these wallets, retired or not; `undefined` for the keys of callers and for none. */
  byKeyId(keyId: string): Promise<SystemSigner | undefined>;
}

interface SystemStores {
  readonly wallets: WalletStore;
  transaction<T>(work: (stores: { wallets: WalletStore; audit: AuditWriter }) => Promise<T>): Promise<T>;
}

export interface SystemKeyringOptions {
  readonly storesOf: (tenantId: TenantId) => SystemStores;
  readonly keyring: Pick<TenantKeyring, "keyOf">;
  readonly suites: SignatureSuites;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

interface SystemWalletTerms {
  readonly name: string;
  readonly purposes: readonly MessageKind[];
}

const TERMS: Readonly<Record<SystemRole, SystemWalletTerms>> = {
  tx: { name: "Register", purposes: ["docket", "tx"] },
  checkpoint: { name: "Register checkpoints", purposes: ["checkpoint"] },
};

/** Signers that a process holds at most. One that is let go is opened again when it is next needed. */
const SIGNERS_MAX = 4_096;

/** The system keys of all tenants of a process. */
export class SystemKeyring {
  readonly #options: SystemKeyringOptions;
  readonly #signers = new LRUCache<string, SystemSigner>({ max: SIGNERS_MAX });

  constructor(options: SystemKeyringOptions) {
    this.#options = options;
  }

  forTenant(tenantId: TenantId): SystemKeys {
    const keys = new WalletKeys({ ...this.#options, tenantId });
    const { wallets } = this.#options.storesOf(tenantId);
    const signerOf = (key: WalletKey) => this.#signerOf(tenantId, key, keys);
    return {
      current: async (role) => {
        const { keyId } = (await wallets.getSystem(role)) ?? (await this.#create(tenantId, role, keys));
        const known = this.#signers.get(nameOf(tenantId, keyId));
        if (known) return known;
        const key = await wallets.getKey(keyId);
        invariant(key, "a wallet has its key");
        return signerOf(key);
      },
      byKeyId: async (keyId) => {
        const known = this.#signers.get(nameOf(tenantId, keyId));
        if (known) return known;
        const key = await wallets.getKey(keyId);
        const wallet = key && (await wallets.get(key.walletId));
        return wallet && wallet.systemRole !== null ? signerOf(key) : undefined;
      },
    };
  }

  async #signerOf(tenantId: TenantId, key: WalletKey, keys: WalletKeys): Promise<SystemSigner> {
    const opened = await keys.signerOf(key);
    const { publicKey } = opened;
    const sign = (message: Uint8Array) => opened.sign(message);
    const signer: SystemSigner = { keyId: key.id, algorithm: key.algorithm, publicKey, sign };
    this.#signers.set(nameOf(tenantId, key.id), signer);
    return signer;
  }

  async #create(tenantId: TenantId, role: SystemRole, keys: WalletKeys): Promise<Wallet> {
    const { storesOf } = this.#options;
    const stores = storesOf(tenantId);
    const { wallet, key } = await this.#newWallet(role, keys);
    const { id: walletId, purposes, keyId, algorithm, publicKey } = wallet;
    const eventData = { walletId, purposes, keyId, algorithm, publicKey };
    const event = { eventType: "wallet_created", eventData } as const;
    try {
      await stores.transaction(async ({ wallets, audit }) => {
        if (!(await wallets.insert(wallet, key))) throw somebodyWasFaster();
        await audit.append([walletEvent({ ...this.#options, call: SYSTEM_CONTEXT }, event)]);
      });
      return { ...wallet, version: 1 };
    } catch (error) {
      if (!isVaultError(error, "write_conflict")) throw error;
      const made = await stores.wallets.getSystem(role);
      if (made) return made;
      throw error;
    }
  }

  async #newWallet(role: SystemRole, keys: WalletKeys): Promise<{ wallet: Omit<Wallet, "version">; key: WalletKey }> {
    const { ids, clock } = this.#options;
    const id = ids.uuid<WalletId>();
    const now = clock.now();
    const key = await keys.generate({ walletId: id, keyVersion: 1, algorithm: "ed25519" }, now);
    const { algorithm, id: keyId, publicKey, keyVersion } = key;
    const terms = { ...TERMS[role], description: null, systemRole: role, owner: { type: "system", id: null } } as const;
    const life = { status: "active", metadata: {}, createdAt: now, updatedAt: now } as const;
    return { wallet: { id, ...terms, algorithm, keyId, publicKey, keyVersion, ...life }, key };
  }
}

function nameOf(tenantId: TenantId, keyId: string): string {
  return `${tenantId} ${keyId}`;
}

function somebodyWasFaster(): VaultError {
  return new VaultError("write_conflict", "Somebody made the system wallet at the same time.");
}
