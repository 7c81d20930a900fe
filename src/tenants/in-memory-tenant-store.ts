import type { Instant } from "../clock.ts";
import { invariant } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import { type InMemoryTenantDirectory, tenantRows } from "./in-memory-tenant-directory.ts";
import type { Tenant, TenantChange } from "./tenant.ts";
import type { TenantStore } from "./tenant-store.ts";

export class InMemoryTenantStore implements TenantStore {
  readonly #session: InMemorySession;
  readonly #tenantId: TenantId;
  readonly #directory: InMemoryTenantDirectory;

  constructor(session: InMemorySession, tenantId: TenantId, directory: InMemoryTenantDirectory) {
    this.#session = session;
    this.#tenantId = tenantId;
    this.#directory = directory;
  }

  insert(tenant: Tenant): Promise<boolean> {
    return this.#session.run((tables) => {
      invariant(tenant.id === this.#tenantId, "a tenant is inserted through its own store");
      if (!this.#directory.claimTenant(tables, tenant)) return false;
      tenantRows(tables).put(tenant.id, { tenant: { ...tenant }, wrappedKey: null });
      return true;
    });
  }

  get(): Promise<Tenant | undefined> {
    return this.#session.run((tables) => tenantRows(tables).get(this.#tenantId)?.tenant);
  }

  update(change: TenantChange, at: Instant): Promise<Tenant | undefined> {
    return this.#session.run((tables) => {
      const row = tenantRows(tables).get(this.#tenantId);
      if (!row) return undefined;
      const { name = row.tenant.name, validationMode = row.tenant.validationMode } = change;
      const tenant = { ...row.tenant, name, validationMode, updatedAt: at };
      tenantRows(tables).put(tenant.id, { ...row, tenant });
      return tenant;
    });
  }

  getWrappedKey(): Promise<string | null> {
    return this.#session.run((tables) => tenantRows(tables).get(this.#tenantId)?.wrappedKey ?? null);
  }

  initWrappedKey(wrappedKey: string): Promise<string> {
    return this.#session.run((tables) => {
      const row = tenantRows(tables).get(this.#tenantId);
      invariant(row, "only an existing tenant gets a key");
      if (row.wrappedKey !== null) return row.wrappedKey;
      tenantRows(tables).put(row.tenant.id, { ...row, wrappedKey });
      return wrappedKey;
    });
  }
}
