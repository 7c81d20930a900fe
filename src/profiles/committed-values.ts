import type { ItemId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import type { CustomerKeys } from "./customer-keys.ts";
import type { ProfileStore } from "./profile-store.ts";

/** The value in clear that an item was sealed with, and the secret of its commitment in base64url. */
export interface CommittedValue {
  readonly value: JsonValue;
  readonly secret: string;
}

/** What opens the commitments to the values of a tenant. Whether the caller may have it is decided by who asks. */
export class CommittedValues {
  readonly #store: ProfileStore;
  readonly #keys: CustomerKeys;

  constructor({ store, keys }: { readonly store: ProfileStore; readonly keys: CustomerKeys }) {
    this.#store = store;
    this.#keys = keys;
  }

  /**
   * `undefined` for what is no item, or was purged or erased. An asset's value is its checksum. Rejects with
   * `integrity_violation` for an encrypted value that does not open.
   */
  async find(itemId: string): Promise<CommittedValue | undefined> {
    const item = await this.#store.getCommittedItem(itemId as ItemId);
    if (!item) return undefined;
    const { commitmentSecret: secret } = item;
    if (item.kind === "profile_asset") return { value: item.checksum, secret };
    const { field } = item;
    if (field.sealedValue === null) return { value: field.value, secret };
    const value = (await this.#keys.open([field], this.#store)).get(field.id);
    return value === undefined ? undefined : { value, secret };
  }
}
