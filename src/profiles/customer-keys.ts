import { VaultError } from "../errors.ts";
import type { CustomerId, IdGenerator, TenantId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import { unwrapKey, wrapKey } from "../tenants/key-wrapping.ts";
import type { TenantKeyring } from "../tenants/tenant-keyring.ts";
import type { CustomerRecord } from "./customer.ts";
import type { FieldVersion } from "./field-version.ts";
import type { ContextReader } from "./profile-store.ts";
import { DATA_KEY_BYTES, sealedFor, ValueSealer } from "./value-sealer.ts";

export interface CustomerKeysOptions {
  readonly tenantId: TenantId;
  readonly keyring: TenantKeyring;
  readonly ids: IdGenerator;
}

/** Data keys of a tenant's customers: one each, wrapped by the tenant's key, so that erasing it erases the values. */
export class CustomerKeys {
  readonly #options: CustomerKeysOptions;

  constructor(options: CustomerKeysOptions) {
    this.#options = options;
  }

  /** A sealer for new values, and the customer with its wrapped key, which is made on first use. */
  async sealerFor(customer: CustomerRecord): Promise<{ sealer: ValueSealer; customer: CustomerRecord }> {
    const { tenantId, keyring, ids } = this.#options;
    const tenantKey = await keyring.keyOf(tenantId);
    if (customer.wrappedKey !== null) {
      return { sealer: this.#sealer(customer.customerId, customer.wrappedKey, tenantKey), customer };
    }
    const key = ids.bytes(DATA_KEY_BYTES);
    const wrappedKey = wrapKey(key, { with: tenantKey, purpose: this.#purpose(customer.customerId), ids });
    const sealer = new ValueSealer({ tenantId, customerId: customer.customerId, key, ids });
    return { sealer, customer: { ...customer, wrappedKey } };
  }

  /**
   * The values of encrypted versions by item id. One extra read when there is one, none otherwise.
   * Rejects with `integrity_violation` for a value that does not open.
   */
  async open(fields: readonly FieldVersion[], store: ContextReader): Promise<ReadonlyMap<string, JsonValue>> {
    const sealed = fields.filter((field) => field.sealedValue !== null);
    if (sealed.length === 0) return NOTHING_SEALED;
    const owners = [...new Set(sealed.map((field) => sealedFor(field.sealedValue ?? "")))];
    const [wrappedKeys, tenantKey] = await Promise.all([
      store.getWrappedKeys(owners),
      this.#options.keyring.keyOf(this.#options.tenantId),
    ]);
    const sealers = new Map(
      [...wrappedKeys].map(([customerId, wrapped]) => [customerId, this.#sealer(customerId, wrapped, tenantKey)]),
    );
    return new Map(
      sealed.map((field) => {
        const sealer = sealers.get(sealedFor(field.sealedValue ?? ""));
        if (!sealer) throw new VaultError("integrity_violation", "The key of an encrypted value is gone.");
        return [field.id, sealer.open(field.id, field.name, field.sealedValue ?? "")];
      }),
    );
  }

  #sealer(customerId: CustomerId, wrappedKey: string, tenantKey: Uint8Array): ValueSealer {
    const { tenantId, ids } = this.#options;
    const key = unwrapKey(wrappedKey, { with: tenantKey, purpose: this.#purpose(customerId) });
    return new ValueSealer({ tenantId, customerId, key, ids });
  }

  #purpose(customerId: CustomerId): string {
    return `strongroom/customer-key/v1/${this.#options.tenantId}/${customerId}`;
  }
}

const NOTHING_SEALED: ReadonlyMap<string, JsonValue> = new Map();
