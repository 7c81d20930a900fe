import type { Instant } from "../clock.ts";
import { invariant, isVaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { RecordScope, Repository } from "../storage/repository.ts";
import type { Tenant, TenantChange } from "./tenant.ts";
import { TENANTS, type TenantRecord, wasAdded } from "./tenant-record.ts";
import type { TenantStore } from "./tenant-store.ts";

export class RecordTenantStore implements TenantStore {
  readonly #tenants: Repository<TenantRecord>;
  readonly #tenantId: TenantId;

  constructor(scope: RecordScope, tenantId: TenantId) {
    this.#tenants = scope.repository(TENANTS);
    this.#tenantId = tenantId;
  }

  insert(tenant: Tenant): Promise<boolean> {
    return wasAdded(this.#tenants.add({ ...tenant, wrappedKey: null }));
  }

  async get(): Promise<Tenant | undefined> {
    const record = await this.#tenants.get(this.#tenantId);
    return record && tenantOf(record);
  }

  async update({ name, validationMode }: TenantChange, at: Instant): Promise<Tenant | undefined> {
    const change = { name, validationMode, updatedAt: at } as Partial<TenantRecord>;
    try {
      return tenantOf(await this.#tenants.patch(this.#tenantId, change));
    } catch (error) {
      if (isVaultError(error, "record_not_found")) return undefined;
      throw error;
    }
  }

  async getWrappedKey(): Promise<string | null> {
    return (await this.#tenants.get(this.#tenantId))?.wrappedKey ?? null;
  }

  async initWrappedKey(wrappedKey: string): Promise<string> {
    for (;;) {
      const record = await this.#tenants.get(this.#tenantId);
      invariant(record, "only an existing tenant gets a key");
      if (record.wrappedKey !== null) return record.wrappedKey;
      try {
        await this.#tenants.patch(this.#tenantId, { wrappedKey }, { expectedVersion: record.version });
        return wrappedKey;
      } catch (error) {
        if (!isVaultError(error, "version_mismatch")) throw error;
      }
    }
  }
}

export function tenantOf({ version: _, wrappedKey: __, ...tenant }: TenantRecord): Tenant {
  return tenant;
}
