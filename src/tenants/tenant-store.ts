import type { Instant } from "../clock.ts";
import type { ApiKeyId, TenantId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { ApiKeyHash } from "./api-key.ts";
import type { Role } from "./role.ts";
import type { Tenant, TenantChange } from "./tenant.ts";

/*
 * Every method of a store may reject with `storage_unavailable`, `storage_timeout` or `closed`.
 */

/** The row of the one tenant that the store is bound to. */
export interface TenantStore {
  /**
   * Inserts the tenant, whose id must be the one the store is bound to. False when the slug is taken, or when there is
   * a platform tenant already and this one would be a second; then nothing was written, and a transaction comes to
   * nothing.
   */
  insert(tenant: Tenant): Promise<boolean>;
  get(): Promise<Tenant | undefined>;
  /** The tenant afterwards; `undefined` when there is none. Members left out stay as they are. */
  update(change: TenantChange, at: Instant): Promise<Tenant | undefined>;
  /** The tenant's own key, wrapped by the vault's master key; `null` until one was put. */
  getWrappedKey(): Promise<string | null>;
  /** Keeps the wrapped key unless there is one, and returns the one that is kept: the first of all callers wins. */
  initWrappedKey(wrappedKey: string): Promise<string>;
}

/** What is known about a key that someone presented. */
export interface CredentialRecord {
  readonly tenantId: TenantId;
  readonly isPlatform: boolean;
  readonly apiKeyId: ApiKeyId;
  readonly role: Role;
  readonly expiresAt: Instant | null;
  readonly revokedAt: Instant | null;
}

/** Reads across tenants, for the platform alone. */
export interface TenantDirectory {
  get(tenantId: TenantId): Promise<Tenant | undefined>;
  getPlatformTenant(): Promise<Tenant | undefined>;
  /** By slug, ascending. Rejects with `invalid_cursor`. */
  list(page: PageRequest): Promise<Page<Tenant>>;
  /** The key with this hash in whatever tenant, revoked and expired ones too. One round trip. */
  findCredential(keyHash: ApiKeyHash): Promise<CredentialRecord | undefined>;
}
