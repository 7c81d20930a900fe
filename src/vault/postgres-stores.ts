import { PostgresAuditStore } from "../audit/postgres-audit-store.ts";
import type { TenantId } from "../identifiers.ts";
import { PostgresProfileStore } from "../profiles/postgres-profile-store.ts";
import { PostgresSchemaStore } from "../schema/postgres-schema-store.ts";
import { PostgresSessionStore } from "../sessions/postgres-session-store.ts";
import type { SqlDatabase, SqlSession } from "../storage/postgres/sql-database.ts";
import { PostgresApiKeyStore } from "../tenants/postgres-api-key-store.ts";
import { PostgresIdempotencyStore } from "../tenants/postgres-idempotency-store.ts";
import { PostgresTenantDirectory } from "../tenants/postgres-tenant-directory.ts";
import { PostgresTenantStore } from "../tenants/postgres-tenant-store.ts";
import type { Stores, TenantStores } from "./stores.ts";

/** Takes a migrated database, which is disposed of with the stores. */
export function postgresStores(database: SqlDatabase): Stores {
  const bind = (session: SqlSession, tenantId: TenantId): TenantStores => ({
    tenants: new PostgresTenantStore(session, tenantId),
    apiKeys: new PostgresApiKeyStore(session, tenantId),
    audit: new PostgresAuditStore(session, tenantId),
    idempotency: new PostgresIdempotencyStore(session, tenantId),
    schema: new PostgresSchemaStore(session, tenantId),
    profiles: new PostgresProfileStore(session, tenantId),
    sessions: (rules) => new PostgresSessionStore(session, tenantId, rules),
    transaction: (work) => session.transaction((transaction) => work(bind(transaction, tenantId))),
  });
  return {
    engine: database.flavour,
    directory: new PostgresTenantDirectory(database.platform()),
    forTenant: (tenantId) => bind(database.forTenant(tenantId), tenantId),
    ping: () => database.ping(),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
