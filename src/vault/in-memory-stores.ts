import { InMemoryAuditStore } from "../audit/in-memory-audit-store.ts";
import type { TenantId } from "../identifiers.ts";
import { InMemoryProfileStore } from "../profiles/in-memory-profile-store.ts";
import { InMemorySchemaStore } from "../schema/in-memory-schema-store.ts";
import { InMemorySessionStore } from "../sessions/in-memory-session-store.ts";
import type { InMemoryDatabase, InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import { InMemoryApiKeyStore } from "../tenants/in-memory-api-key-store.ts";
import { InMemoryIdempotencyStore } from "../tenants/in-memory-idempotency-store.ts";
import { InMemoryTenantDirectory } from "../tenants/in-memory-tenant-directory.ts";
import { InMemoryTenantStore } from "../tenants/in-memory-tenant-store.ts";
import type { Stores, TenantStores } from "./stores.ts";

export function inMemoryStores(database: InMemoryDatabase): Stores {
  const directory = new InMemoryTenantDirectory(database);
  const bind = (session: InMemorySession, tenantId: TenantId): TenantStores => ({
    tenants: new InMemoryTenantStore(session, tenantId, directory),
    apiKeys: new InMemoryApiKeyStore(session, tenantId, directory),
    audit: new InMemoryAuditStore(session),
    idempotency: new InMemoryIdempotencyStore(session),
    schema: new InMemorySchemaStore(session),
    profiles: new InMemoryProfileStore(session, tenantId),
    sessions: (rules) => new InMemorySessionStore(session, rules),
    transaction: (work) => session.transaction((transaction) => work(bind(transaction, tenantId))),
  });
  return {
    engine: "in-memory",
    directory,
    forTenant: (tenantId) => bind(database.forTenant(tenantId), tenantId),
    ping: () => database.platform().run(() => undefined),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}
