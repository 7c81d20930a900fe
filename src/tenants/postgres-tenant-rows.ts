import { instantFromJson, optionalInstantFromJson } from "../storage/postgres/json-instant.ts";
import type { ApiKey } from "./api-key.ts";
import type { Tenant } from "./tenant.ts";

/** A tenant as one JSON column, for statements that name the table `t`. */
export const TENANT_JSON = `json_build_object('id', t.id, 'slug', t.slug, 'name', t.name,
  'validationMode', t.validation_mode, 'isPlatform', t.is_platform,
  'createdAt', t.created_at, 'updatedAt', t.updated_at) as tenant`;

export type TenantRow = { readonly tenant: Tenant };

export function tenantFromRow({ tenant }: TenantRow): Tenant {
  return { ...tenant, createdAt: instantFromJson(tenant.createdAt), updatedAt: instantFromJson(tenant.updatedAt) };
}

/** An API key as one JSON column, for statements that name the table `k`. Never the hash. */
export const API_KEY_JSON = `json_build_object('id', k.id, 'name', k.name, 'role', k.role, 'prefix', k.prefix,
  'createdAt', k.created_at, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at) as key`;

export type ApiKeyRow = { readonly key: ApiKey };

export function apiKeyFromRow({ key }: ApiKeyRow): ApiKey {
  return {
    ...key,
    createdAt: instantFromJson(key.createdAt),
    expiresAt: optionalInstantFromJson(key.expiresAt),
    revokedAt: optionalInstantFromJson(key.revokedAt),
  };
}
