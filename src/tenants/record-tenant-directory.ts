import type { TenantId } from "../identifiers.ts";
import type { Page, PageRequest } from "../storage/page.ts";
import type { RecordScope, Repository } from "../storage/repository.ts";
import { tenantOf } from "./record-tenant-store.ts";
import type { Tenant } from "./tenant.ts";
import { TENANTS, type TenantRecord } from "./tenant-record.ts";
import type { TenantDirectory } from "./tenant-store.ts";

/** The tenants that the scope of the platform sees. */
export class RecordTenantDirectory implements TenantDirectory {
  readonly findCredential: TenantDirectory["findCredential"];
  readonly #tenants: Repository<TenantRecord>;

  /** @param findCredential the engine's own way: it reads a key and its tenant in one go */
  constructor(platform: RecordScope, findCredential: TenantDirectory["findCredential"]) {
    this.findCredential = findCredential;
    this.#tenants = platform.repository(TENANTS);
  }

  async get(tenantId: TenantId): Promise<Tenant | undefined> {
    const record = await this.#tenants.get(tenantId);
    return record && tenantOf(record);
  }

  async getPlatformTenant(): Promise<Tenant | undefined> {
    const filter = { op: "eq", path: ["isPlatform"], value: true } as const;
    const { items } = await this.#tenants.query({ filter, limit: 1 });
    return items[0] && tenantOf(items[0]);
  }

  async list({ limit, cursor }: PageRequest): Promise<Page<Tenant>> {
    const page = await this.#tenants.query({ orderBy: [{ path: ["slug"] }], limit, cursor });
    return { ...page, items: page.items.map(tenantOf) };
  }
}
