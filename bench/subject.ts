import type { ConfigInput } from "../src/config/config-schema.ts";
import { parseConfig } from "../src/config/load-config.ts";
import type { TenantId } from "../src/identifiers.ts";
import type { ProfileStore } from "../src/profiles/profile-store.ts";
import { openStorage } from "../src/vault/open-storage.ts";
import type { TenantVault } from "../src/vault/tenant-vault.ts";
import { assembleVault } from "../src/vault.ts";

/** What is measured: the vault as a host opens it, and the store beneath its services. */
export interface Subject extends AsyncDisposable {
  readonly tenantId: TenantId;
  readonly services: TenantVault;
  readonly store: ProfileStore;
}

export async function openSubject(settings: ConfigInput): Promise<Subject> {
  // What is measured is the vault itself; its cache has an operation of its own.
  const config = parseConfig({ ...settings, profileCache: { enabled: false } });
  const storage = await openStorage({ config });
  try {
    const vault = await assembleVault(config, storage.stores, { storage });
    const tenantId = vault.defaultTenantId;
    return {
      tenantId,
      services: vault.tenant(tenantId),
      store: storage.stores.forTenant(tenantId).profiles,
      [Symbol.asyncDispose]: () => vault[Symbol.asyncDispose](),
    };
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}
