import { hkdfSync } from "node:crypto";
import type { IdGenerator, TenantId } from "../identifiers.ts";
import { KEY_BYTES, unwrapKey, wrapKey } from "./key-wrapping.ts";
import type { TenantStore } from "./tenant-store.ts";

/**
 * The keys of the tenants, unwrapped and kept in memory for as long as the vault is open. A tenant's key is made
 * when it is first needed; among concurrent makers the first one stored is everybody's.
 */
export class TenantKeyring {
  readonly #masterKey: Uint8Array;
  readonly #storeOf: (tenantId: TenantId) => Pick<TenantStore, "getWrappedKey" | "initWrappedKey">;
  readonly #ids: IdGenerator;
  readonly #keys = new Map<TenantId, Uint8Array>();

  constructor(options: {
    masterKey: Uint8Array;
    storeOf: (tenantId: TenantId) => Pick<TenantStore, "getWrappedKey" | "initWrappedKey">;
    ids: IdGenerator;
  }) {
    this.#masterKey = options.masterKey;
    this.#storeOf = options.storeOf;
    this.#ids = options.ids;
  }

  /** A key of `KEY_BYTES` bytes for one purpose, which follows from the master key alone (HKDF-SHA-256, RFC 5869). */
  derive(purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#masterKey, new Uint8Array(), purpose, KEY_BYTES));
  }

  /** The tenant's key of `KEY_BYTES` bytes. Rejects with `master_key_missing` when it does not unwrap. */
  async keyOf(tenantId: TenantId): Promise<Uint8Array> {
    const known = this.#keys.get(tenantId);
    if (known) return known;
    const store = this.#storeOf(tenantId);
    const purpose = `strongroom/tenant-key/v1/${tenantId}`;
    const wrapped =
      (await store.getWrappedKey()) ??
      (await store.initWrappedKey(
        wrapKey(this.#ids.bytes(KEY_BYTES), { with: this.#masterKey, purpose, ids: this.#ids }),
      ));
    const key = unwrapKey(wrapped, { with: this.#masterKey, purpose });
    this.#keys.set(tenantId, key);
    return key;
  }
}
