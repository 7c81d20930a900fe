import type { AuditStore } from "../audit/audit-store.ts";
import type { TenantId } from "../identifiers.ts";
import type { ProfileStore } from "../profiles/profile-store.ts";
import type { RegisterDirectory, RegisterStore } from "../register/register-store.ts";
import type { SchemaStore } from "../schema/schema-store.ts";
import type { SessionRules } from "../sessions/session.ts";
import type { SessionStore } from "../sessions/session-store.ts";
import type { RecordScope } from "../storage/repository.ts";
import type { SessionEvents } from "../telemetry/session-events.ts";
import type { ApiKeyStore } from "../tenants/api-key-store.ts";
import type { IdempotencyStore } from "../tenants/idempotency-store.ts";
import type { TenantDirectory, TenantStore } from "../tenants/tenant-store.ts";
import type { WalletGrantStore, WalletStore } from "../wallets/wallet-store.ts";

/** Every store of one tenant, on one session: within a transaction all of them take part in it. */
export interface TenantStores {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly audit: AuditStore;
  readonly idempotency: IdempotencyStore;
  readonly schema: SchemaStore;
  readonly profiles: ProfileStore;
  readonly wallets: WalletStore;
  readonly walletGrants: WalletGrantStore;
  readonly register: RegisterStore;
  /** Of the records of the tenant that have no store of their own. */
  readonly records: RecordScope;
  /** By the time that the vault goes by. Sessions that are kept outside the database take no part in transactions. */
  sessions(rules: SessionRules, events: SessionEvents): SessionStore;
  /** All of what `work` does is kept, or none when it rejects. A transaction within one joins it. */
  transaction<T>(work: (stores: TenantStores) => Promise<T>): Promise<T>;
}

/** The stores of a vault over one database. */
export interface Stores extends AsyncDisposable {
  readonly engine: "in-memory" | "pglite" | "postgres";
  readonly directory: TenantDirectory;
  readonly registers: RegisterDirectory;
  forTenant(tenantId: TenantId): TenantStores;
  /** Rejects with `storage_unavailable` or `storage_timeout` when the database does not answer. */
  ping(): Promise<void>;
}
