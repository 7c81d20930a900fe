import type { ApiKeyId, TenantId } from "../identifiers.ts";
import type { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import type { InMemoryTables } from "../storage/in-memory/in-memory-tables.ts";
import { decodeCursor, encodeCursor, type Page, type PageRequest, pageOf } from "../storage/page.ts";
import type { ApiKeyHash, ApiKeyInsert } from "./api-key.ts";
import type { Tenant } from "./tenant.ts";
import { type CredentialRecord, TENANT_LIST, type TenantDirectory } from "./tenant-store.ts";

const TENANT_TABLE = "tenants";
const API_KEY_TABLE = "api_keys";

/** A tenant as stored; `wrappedKey` is no part of what readers of tenants get. */
export interface TenantRow {
  readonly tenant: Tenant;
  readonly wrappedKey: string | null;
}

export function tenantRows(tables: InMemoryTables) {
  return tables.table<TenantRow>(TENANT_TABLE);
}

export function apiKeyRows(tables: InMemoryTables) {
  return tables.table<ApiKeyInsert>(API_KEY_TABLE);
}

/** The indexes that reach across tenants; the rows themselves are in the tenants' own tables. */
export class InMemoryTenantDirectory implements TenantDirectory {
  readonly #database: InMemoryDatabase;
  readonly #slugs = new Map<string, TenantId>();
  readonly #keys = new Map<ApiKeyHash, { readonly tenantId: TenantId; readonly apiKeyId: ApiKeyId }>();
  #platformTenantId: TenantId | undefined;

  constructor(database: InMemoryDatabase) {
    this.#database = database;
  }

  /** Takes what must be unique about a tenant, within the unit of work that inserts it; false when it is taken. */
  claimTenant(tables: InMemoryTables, tenant: Tenant): boolean {
    if (this.#slugs.has(tenant.slug) || (tenant.isPlatform && this.#platformTenantId !== undefined)) return false;
    this.#slugs.set(tenant.slug, tenant.id);
    if (tenant.isPlatform) this.#platformTenantId = tenant.id;
    tables.onUndo(() => {
      this.#slugs.delete(tenant.slug);
      if (tenant.isPlatform) this.#platformTenantId = undefined;
    });
    return true;
  }

  claimKeyHash(tables: InMemoryTables, tenantId: TenantId, key: ApiKeyInsert): boolean {
    if (this.#keys.has(key.keyHash)) return false;
    this.#keys.set(key.keyHash, { tenantId, apiKeyId: key.id });
    tables.onUndo(() => this.#keys.delete(key.keyHash));
    return true;
  }

  get(tenantId: TenantId): Promise<Tenant | undefined> {
    return this.#database.forTenant(tenantId).run((tables) => tenantRows(tables).get(tenantId)?.tenant);
  }

  async getPlatformTenant(): Promise<Tenant | undefined> {
    return this.#platformTenantId === undefined ? undefined : this.get(this.#platformTenantId);
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<Tenant>> {
    const after = cursor === undefined ? "" : decodeCursor(TENANT_LIST, cursor, 1)[0];
    const slugs = [...this.#slugs.keys()].filter((slug) => slug > (after ?? "")).sort();
    const ids = slugs.slice(0, limit + 1).flatMap((slug) => this.#slugs.get(slug) ?? []);
    const tenants = await Promise.all(ids.map((id) => this.get(id)));
    const found = tenants.filter((tenant) => tenant !== undefined);
    return pageOf(found, limit, (last) => encodeCursor(TENANT_LIST, [last.slug]));
  }

  async findCredential(keyHash: ApiKeyHash): Promise<CredentialRecord | undefined> {
    const entry = this.#keys.get(keyHash);
    if (!entry) return undefined;
    const { tenantId, apiKeyId } = entry;
    return this.#database.forTenant(tenantId).run((tables) => {
      const key = apiKeyRows(tables).get(apiKeyId);
      const tenant = tenantRows(tables).get(tenantId)?.tenant;
      if (!key || !tenant) return undefined;
      const { role, expiresAt, revokedAt } = key;
      return { tenantId, isPlatform: tenant.isPlatform, apiKeyId, role, expiresAt, revokedAt };
    });
  }
}
