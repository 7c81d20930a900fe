import type { TenantId } from "../identifiers.ts";
import type { SchemaStore } from "../schema/schema-store.ts";

export interface SchemaStorage extends AsyncDisposable {
  /** A tenant that exists, with nothing in it. */
  createTenant(): Promise<TenantId>;
  forTenant(tenantId: TenantId): SchemaStore;
  /** Runs `work` with a store whose calls are one transaction. */
  transaction<T>(tenantId: TenantId, work: (store: SchemaStore) => Promise<T>): Promise<T>;
}

/** What the parts of the contract work on; each test has tenants of its own. */
export interface SchemaContext {
  storage: SchemaStorage;
  tenantId: TenantId;
  store: SchemaStore;
  /** The adversary's. */
  other: SchemaStore;
}
