import { isVaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { Entity, RepositoryDescriptor } from "../storage/repository.ts";
import type { ApiKeyInsert } from "./api-key.ts";
import type { Tenant } from "./tenant.ts";

/** A tenant as it is kept: the wrapped key is no part of what readers of tenants get. */
export interface TenantRecord extends Entity, Tenant {
  readonly id: TenantId;
  readonly wrappedKey: string | null;
}

/** An API key as it is kept, with its hash. */
export interface ApiKeyRecord extends Entity, ApiKeyInsert {
  readonly id: ApiKeyInsert["id"];
}

export const TENANTS: RepositoryDescriptor<TenantRecord> = {
  name: "tenants",
  idType: "uuid",
  tenantColumn: "id",
  columns: [
    { property: "slug", column: "slug", type: "text" },
    { property: "name", column: "name", type: "text" },
    { property: "validationMode", column: "validation_mode", type: "text", nullable: true },
    { property: "wrappedKey", column: "wrapped_key", type: "text", nullable: true },
    { property: "isPlatform", column: "is_platform", type: "boolean" },
    { property: "createdAt", column: "created_at", type: "instant" },
    { property: "updatedAt", column: "updated_at", type: "instant" },
  ],
  unique: [
    { name: "tenants_slug_key", properties: ["slug"], within: "all" },
    { name: "tenants_one_platform", properties: ["isPlatform"], within: "all", when: { isPlatform: true } },
  ],
};

export const API_KEYS: RepositoryDescriptor<ApiKeyRecord> = {
  name: "api_keys",
  idType: "uuid",
  tenantColumn: "tenant_id",
  columns: [
    { property: "name", column: "name", type: "text" },
    { property: "role", column: "role", type: "text" },
    { property: "keyHash", column: "key_hash", type: "hex" },
    { property: "prefix", column: "prefix", type: "text" },
    { property: "createdAt", column: "created_at", type: "instant" },
    { property: "expiresAt", column: "expires_at", type: "instant", nullable: true },
    { property: "revokedAt", column: "revoked_at", type: "instant", nullable: true },
  ],
  unique: [{ name: "api_keys_key_hash_key", properties: ["keyHash"], within: "all" }],
};

/** False when a unique rule of the record refuses it. An id that is taken is no answer but a bug. */
export async function wasAdded(adding: Promise<unknown>): Promise<boolean> {
  try {
    await adding;
    return true;
  } catch (error) {
    if (isVaultError(error, "record_exists") && error.details["rule"] !== "id") return false;
    throw error;
  }
}
