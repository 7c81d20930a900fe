import type { Clock } from "../clock.ts";
import type { IdGenerator } from "../identifiers.ts";
import type { JsonObject } from "../json.ts";
import type { ApiKeyStore } from "./api-key-store.ts";
import type { TenantStore } from "./tenant-store.ts";

/** What the administration of a tenant tells the audit journal. */
export interface AdministrationEvent {
  readonly eventType: "tenant_created" | "tenant_updated" | "api_key_created" | "api_key_revoked";
  readonly subjectId: string;
  readonly data: JsonObject;
}

/** Appends to the tenant's audit journal in the name of the caller. */
export interface AdministrationJournal {
  record(event: AdministrationEvent): Promise<void>;
}

/** What the administration of one tenant works on, all of it within one transaction. */
export interface AdministrationScope {
  readonly tenants: TenantStore;
  readonly apiKeys: ApiKeyStore;
  readonly journal: AdministrationJournal;
}

export interface AdministrationContext {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  /** Commits what `work` does when it resolves, and undoes it when it rejects. */
  transaction<T>(work: (scope: AdministrationScope) => Promise<T>): Promise<T>;
}
