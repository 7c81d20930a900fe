import type { Instant } from "../clock.ts";
import { invariant, VaultError } from "../errors.ts";
import type { IdGenerator, TenantId, WalletId } from "../identifiers.ts";
import { keyIdOf } from "../signatures/key-id.ts";
import type { SignatureSuite, Signer, SuiteId } from "../signatures/signature-suite.ts";
import type { SignatureSuites } from "../signatures/signature-suites.ts";
import { unwrapKey, wrapKey } from "../tenants/key-wrapping.ts";
import type { TenantKeyring } from "../tenants/tenant-keyring.ts";
import type { WalletKey } from "./wallet.ts";

export interface WalletKeysOptions {
  readonly tenantId: TenantId;
  readonly keyring: Pick<TenantKeyring, "keyOf">;
  readonly suites: SignatureSuites;
  readonly ids: IdGenerator;
}

/** Whose key it is, and which one. */
export interface KeyPlace {
  readonly walletId: WalletId;
  readonly keyVersion: number;
  readonly algorithm: SuiteId;
}

/**
 * The keys of one tenant's wallets, which leave this class wrapped or as signers and never as bytes.
 *
 * Every method may read the tenant's key from the database, once, on a session of its own: within a transaction only
 * when that has been done before.
 */
export class WalletKeys {
  readonly #options: WalletKeysOptions;

  constructor(options: WalletKeysOptions) {
    this.#options = options;
  }

  /** Makes the tenant's key known, so that what follows can be done within a transaction. */
  async prepare(): Promise<void> {
    await this.#tenantKey();
  }

  /** A new key, which nobody else has. Rejects with `master_key_missing`. */
  async generate(place: KeyPlace, createdAt: Instant): Promise<WalletKey> {
    const { walletId, keyVersion, algorithm } = place;
    const tenantKey = await this.#tenantKey();
    const { publicKey, privateKey } = this.#suite(algorithm).generate();
    const id = keyIdOf(algorithm, publicKey);
    const purpose = this.#purpose({ id, walletId, keyVersion });
    const wrappedPrivateKey = wrapKey(privateKey, { with: tenantKey, purpose, ids: this.#options.ids });
    privateKey.fill(0);
    const hex = Buffer.from(publicKey).toString("hex");
    return { id, walletId, keyVersion, algorithm, publicKey: hex, wrappedPrivateKey, createdAt, retiredAt: null };
  }

  /**
   * Rejects with `master_key_missing` for a key that does not open under the tenant's key at its place, and with
   * `integrity_violation` when what opens is not the key of this id. There is never another key instead.
   */
  async signerOf(key: WalletKey): Promise<Signer> {
    const privateKey = unwrapKey(key.wrappedPrivateKey, { with: await this.#tenantKey(), purpose: this.#purpose(key) });
    const signer = this.#opened(key, privateKey);
    privateKey.fill(0);
    if (signer && keyIdOf(key.algorithm, signer.publicKey) === key.id) return signer;
    throw new VaultError("integrity_violation", "A stored key is not the one of its public key.", {
      details: { walletId: key.walletId, keyId: key.id },
    });
  }

  #opened({ algorithm }: WalletKey, privateKey: Uint8Array): Signer | undefined {
    try {
      return this.#suite(algorithm).signer(privateKey);
    } catch (error) {
      privateKey.fill(0);
      if (error instanceof VaultError && error.code === "invalid_value") return undefined;
      throw error;
    }
  }

  #suite(algorithm: SuiteId): SignatureSuite {
    const suite = this.#options.suites.find(algorithm);
    invariant(suite, `there is an engine for ${algorithm}`);
    return suite;
  }

  #tenantKey(): Promise<Uint8Array> {
    return this.#options.keyring.keyOf(this.#options.tenantId);
  }

  /** Bound into the wrapping, so that a key opens nowhere but in its own row. */
  #purpose({ id, walletId, keyVersion }: Pick<WalletKey, "id" | "walletId" | "keyVersion">): string {
    return `strongroom/wallet-key/v1/${this.#options.tenantId}/${walletId}/${id}/${keyVersion}`;
  }
}
