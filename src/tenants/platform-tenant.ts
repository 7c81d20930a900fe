import { invariant, isVaultError, VaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import { hashApiKey, requireBootstrapKey } from "./api-key.ts";
import { insertApiKey } from "./api-key-service.ts";
import { DEFAULT_TENANT_SLUG, type Tenant } from "./tenant.ts";
import { type CreatedTenant, insertTenant, type TenantServiceOptions } from "./tenant-service.ts";

export interface PlatformTenantOptions extends TenantServiceOptions {
  /** The administrator key that the operator wants to work; without one a key is made with the tenant. */
  readonly bootstrapKey?: string | undefined;
}

export interface PlatformTenant {
  readonly tenantId: TenantId;
  /** The text of the administrator key that was made just now; `null` when there was no need to make one. */
  readonly generatedKey: string | null;
}

/**
 * Makes sure that the vault has its first tenant and that the operator's key opens it. Of any number of
 * processes that start at once, one creates the tenant and one inserts a new key. A key that was revoked
 * stays revoked. Rejects with `invalid_configuration` for a key that is unfit or that another tenant has.
 */
export async function ensurePlatformTenant(options: PlatformTenantOptions): Promise<PlatformTenant> {
  const bootstrapKey = options.bootstrapKey === undefined ? undefined : requireBootstrapKey(options.bootstrapKey);
  let tenant = await options.directory.getPlatformTenant();
  if (!tenant) {
    const created = await createPlatformTenant(options, bootstrapKey);
    if (created) {
      return { tenantId: created.tenant.id, generatedKey: bootstrapKey === undefined ? created.adminKey.key : null };
    }
    tenant = await options.directory.getPlatformTenant();
    invariant(tenant, "the slug of the default tenant is taken by no other");
  }
  if (bootstrapKey !== undefined) await ensureBootstrapKey(options, tenant, bootstrapKey);
  return { tenantId: tenant.id, generatedKey: null };
}

/** `undefined` when another process was faster. */
async function createPlatformTenant(
  options: PlatformTenantOptions,
  key: string | undefined,
): Promise<CreatedTenant | undefined> {
  const tenantId = options.ids.uuid<TenantId>();
  try {
    return await options.transaction(tenantId, (scope) =>
      insertTenant(scope, options, { tenantId, slug: DEFAULT_TENANT_SLUG, name: "Default", isPlatform: true, key }),
    );
  } catch (error) {
    if (isVaultError(error, "tenant_exists")) return undefined;
    throw error;
  }
}

async function ensureBootstrapKey(options: PlatformTenantOptions, tenant: Tenant, key: string): Promise<void> {
  const known = await options.directory.findCredential(hashApiKey(key));
  if (known?.tenantId === tenant.id) return;
  if (known) throw new VaultError("invalid_configuration", "The bootstrap API key belongs to another tenant.");
  try {
    await options.transaction(tenant.id, (scope) =>
      insertApiKey(scope, options, { name: "bootstrap", role: "admin", key }),
    );
  } catch (error) {
    // Another process that started with the same key was faster.
    if (!isVaultError(error, "api_key_exists")) throw error;
  }
}
