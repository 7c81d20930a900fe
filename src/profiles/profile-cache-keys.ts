import { hash } from "node:crypto";
import type { CustomerId, TenantId } from "../identifiers.ts";
import type { CustomerLookup } from "./profile-store.ts";

/** Rises when a profile is kept in another form, so that no version of the vault reads what another one kept. */
const FORMAT = "v1";

/** Joining and hashing a key costs more than the rest of a cached read in this process, so the last ones are kept as they are. */
const MADE_KEYS = new Map<CustomerId, { readonly tenantId: TenantId; readonly key: string }>();
const MADE_KEYS_MAX = 10_000;

/**
 * The keys of one tenant's profiles: one body for each customer, and pointers to it from all else that names the
 * customer. What a person may be known by is hashed.
 */
export class ProfileCacheKeys {
  readonly #tenantId: TenantId;
  readonly #profilePrefix: string;
  /** Of every body and pointer. */
  readonly tag: string;

  constructor(tenantId: TenantId) {
    this.#tenantId = tenantId;
    this.#profilePrefix = `${tenantId}:profile:`;
    this.tag = `${tenantId}:profiles`;
  }

  profile(customerId: CustomerId): string {
    const made = MADE_KEYS.get(customerId);
    if (made?.tenantId === this.#tenantId) return made.key;
    const key = `${this.#profilePrefix}${customerId}:${FORMAT}`;
    if (MADE_KEYS.size >= MADE_KEYS_MAX) MADE_KEYS.clear();
    MADE_KEYS.set(customerId, { tenantId: this.#tenantId, key });
    return key;
  }

  isProfileOf(key: string, customerId: string): boolean {
    return key.startsWith(customerId, this.#profilePrefix.length);
  }

  of(lookup: CustomerLookup): string {
    switch (lookup.by) {
      case "id":
        return this.profile(lookup.customerId);
      case "externalId":
        return `${this.#tenantId}:ptr:ext:${this.#hash(lookup.externalId)}`;
      case "identity":
        return `${this.#tenantId}:ptr:ch:${lookup.channel}:${this.#hash(lookup.channelUserId)}`;
    }
  }

  /** With the tenant, so that nobody can tell from the keys whom two tenants both know. */
  #hash(text: string): string {
    return hash("sha256", `${this.#tenantId}\u0000${text}`, "base64url");
  }
}
