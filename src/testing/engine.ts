import type { TenantId } from "../identifiers.ts";
import type { ItemKind } from "../profiles/item.ts";
import type { Stores, TenantStores } from "../vault/stores.ts";
import { NOW, newId } from "./profile-records.ts";

/** The stores of one tenant under test. */
export interface TenantUnderTest extends TenantStores {
  readonly tenantId: TenantId;
}

/** An edge of the lineage graph as no write would make it. */
export interface ForcedEdge {
  readonly itemId: string;
  readonly itemKind: ItemKind;
  readonly sourceId: string;
}

/** What a test does behind the back of the stores. */
export interface EngineProbe {
  /** Adds a source to a stored item without any check. */
  forceEdge(tenantId: TenantId, edge: ForcedEdge): Promise<void>;
  /** Every row of the tenant, in all tables, as one JSON text. */
  dump(tenantId: TenantId): Promise<string>;
}

/** A database under test. */
export interface Engine extends AsyncDisposable {
  readonly stores: Stores;
  readonly probe: EngineProbe;
  /** A tenant that exists, with nothing in it. */
  newTenant(id?: TenantId): Promise<TenantUnderTest>;
}

/** What the parts of a contract work on: two tenants of their own for each test. */
export interface ContractContext {
  engine: Engine;
  tenant: TenantUnderTest;
  /** The adversary. */
  other: TenantUnderTest;
}

export function engineOver(stores: Stores, probe: EngineProbe): Engine {
  return {
    stores,
    probe,
    async newTenant(tenantId = newId<TenantId>()) {
      const bound = stores.forTenant(tenantId);
      await bound.tenants.insert({
        id: tenantId,
        slug: tenantId,
        name: "Tenant",
        validationMode: null,
        isPlatform: false,
        createdAt: NOW,
        updatedAt: NOW,
      });
      return { ...bound, tenantId };
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  };
}
