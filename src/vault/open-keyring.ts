import type { Config } from "../config/config-schema.ts";
import { decodeMasterKey } from "../config/master-key.ts";
import type { IdGenerator } from "../identifiers.ts";
import { KEY_BYTES } from "../tenants/key-wrapping.ts";
import { loadMasterKeyFile } from "../tenants/master-key-file.ts";
import { TenantKeyring } from "../tenants/tenant-keyring.ts";
import type { Stores } from "./stores.ts";

/**
 * The keyring under the configured master key, or under the one kept in the data directory. A vault in memory
 * forgets everything at its end and so has a key of its own.
 *
 * Rejects with `master_key_missing`.
 */
export async function openKeyring(config: Config, stores: Stores, ids: IdGenerator): Promise<TenantKeyring> {
  const masterKey = await masterKeyOf(config, stores, ids);
  return new TenantKeyring({ masterKey, ids, storeOf: (tenantId) => stores.forTenant(tenantId).tenants });
}

function masterKeyOf(config: Config, stores: Stores, ids: IdGenerator): Uint8Array | Promise<Uint8Array> {
  if (config.masterKey !== undefined) return decodeMasterKey(config.masterKey);
  if (stores.engine === "in-memory") return ids.bytes(KEY_BYTES);
  return loadMasterKeyFile(config.dataDirectory, { ids, isKeyInUse: () => hasWrappedKey(stores) });
}

/** The platform tenant's key is made when the vault is first opened, so it tells whether any key was ever wrapped. */
async function hasWrappedKey(stores: Stores): Promise<boolean> {
  const platform = await stores.directory.getPlatformTenant();
  if (!platform) return false;
  return (await stores.forTenant(platform.id).tenants.getWrappedKey()) !== null;
}
