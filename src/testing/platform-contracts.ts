import type { Instant } from "../clock.ts";
import type { TenantId } from "../identifiers.ts";
import type { Stores } from "../vault/stores.ts";
import { auditStoreContract } from "./audit-store-contract.ts";
import { idempotencyStoreContract } from "./idempotency-store-contract.ts";
import { seededIds } from "./seeded-ids.ts";
import { tenantStoreContract } from "./tenant-store-contract.ts";

const NOW = "2026-03-03T09:30:00.000Z" as Instant;

/** The contracts of what every vault has before it has customers. Each call of `open` gives an empty database. */
export function platformContracts(engine: string, open: () => Promise<Stores>): void {
  tenantStoreContract(engine, open);
  auditStoreContract(engine, open);
  idempotencyStoreContract(engine, async () => {
    const stores = await open();
    const ids = seededIds(1);
    const tenantIds = [ids.uuid<TenantId>(), ids.uuid<TenantId>()] as const;
    for (const id of tenantIds) {
      const tenant = {
        id,
        slug: id,
        name: id,
        validationMode: null,
        isPlatform: false,
        createdAt: NOW,
        updatedAt: NOW,
      };
      await stores.forTenant(id).tenants.insert(tenant);
    }
    return { ...stores, tenantIds };
  });
}
