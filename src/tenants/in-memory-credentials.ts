import type { Instant } from "../clock.ts";
import type { ApiKeyId } from "../identifiers.ts";
import type { Filter } from "../storage/filter.ts";
import type { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { RecordTable } from "../storage/in-memory/record-table.ts";
import { shapeOf } from "../storage/records/record-shape.ts";
import type { RecordScope } from "../storage/repository.ts";
import { type ApiKeyHash, isLive } from "./api-key.ts";
import type { ApiKeyStore } from "./api-key-store.ts";
import { API_KEYS, type ApiKeyRecord, TENANTS, type TenantRecord } from "./tenant-record.ts";
import type { CredentialRecord, TenantDirectory } from "./tenant-store.ts";

/** Waits for what the tenant of the key is doing, and for no other. */
export function inMemoryFindCredential(database: InMemoryDatabase): TenantDirectory["findCredential"] {
  return async (keyHash) => {
    const owner = await database.platform().run((tables) => tables.everyTenant().find((own) => keyIn(own, keyHash)));
    const tenant = owner && tenantIn(owner);
    return tenant && database.forTenant(tenant.id).run((tables) => credentialIn(tables, keyHash));
  };
}

function credentialIn(tables: InMemoryTables, keyHash: ApiKeyHash): CredentialRecord | undefined {
  const [key, tenant] = [keyIn(tables, keyHash), tenantIn(tables)];
  if (!key || !tenant) return undefined;
  const { id: apiKeyId, role, expiresAt, revokedAt } = key;
  return { tenantId: tenant.id, isPlatform: tenant.isPlatform, apiKeyId, role, expiresAt, revokedAt };
}

function keyIn(tables: InMemoryTables, keyHash: ApiKeyHash): ApiKeyRecord | undefined {
  return new RecordTable(tables, shapeOf(API_KEYS)).holder("api_keys_key_hash_key", [keyHash]);
}

/** Among the tables of a tenant there is one record of a tenant at most: its own. */
function tenantIn(tables: InMemoryTables): TenantRecord | undefined {
  return tables.table<TenantRecord>(TENANTS.name).find(() => true);
}

/** One transaction of the tenant after the other. */
export function inMemoryRevoke(scope: RecordScope): ApiKeyStore["revoke"] {
  return (apiKeyId, at) =>
    scope.transaction(async (transaction) => {
      const keys = transaction.repository(API_KEYS);
      const key = await keys.get(apiKeyId);
      if (!key) return "not_found";
      if (key.revokedAt !== null) return "already_revoked";
      const mayBeLast = key.role === "admin" && isLive(key, at);
      if (mayBeLast && (await keys.count(otherLiveAdmins(apiKeyId, at))) === 0) return "last_admin";
      await keys.patch(apiKeyId, { revokedAt: at });
      return "revoked";
    });
}

function otherLiveAdmins(apiKeyId: ApiKeyId, at: Instant): Filter {
  return {
    op: "and",
    filters: [
      { op: "ne", path: ["id"], value: apiKeyId },
      { op: "eq", path: ["role"], value: "admin" },
      { op: "eq", path: ["revokedAt"], value: null },
      {
        op: "or",
        filters: [
          { op: "eq", path: ["expiresAt"], value: null },
          { op: "gt", path: ["expiresAt"], value: at },
        ],
      },
    ],
  };
}
