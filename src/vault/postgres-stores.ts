import { PostgresAuditStore } from "../audit/postgres-audit-store.ts";
import type { TenantId } from "../identifiers.ts";
import { PostgresProfileStore } from "../profiles/postgres-profile-store.ts";
import { PostgresRegisterDirectory } from "../register/postgres-register-directory.ts";
import { PostgresRegisterStore } from "../register/postgres-register-store.ts";
import { PostgresSchemaStore } from "../schema/postgres-schema-store.ts";
import { PostgresSessionStore } from "../sessions/postgres-session-store.ts";
import { PostgresRecordScope } from "../storage/postgres/postgres-record-scope.ts";
import type { SqlDatabase, SqlSession } from "../storage/postgres/sql-database.ts";
import { postgresFindCredential, postgresRevoke } from "../tenants/postgres-credentials.ts";
import { PostgresIdempotencyStore } from "../tenants/postgres-idempotency-store.ts";
import { RecordApiKeyStore } from "../tenants/record-api-key-store.ts";
import { RecordTenantDirectory } from "../tenants/record-tenant-directory.ts";
import { RecordTenantStore } from "../tenants/record-tenant-store.ts";
import { RecordWalletGrantStore } from "../wallets/record-wallet-grant-store.ts";
import { RecordWalletStore } from "../wallets/record-wallet-store.ts";
import type { Stores, TenantStores } from "./stores.ts";

/** Takes a migrated database, which is disposed of with the stores. */
export function postgresStores(database: SqlDatabase): Stores {
  const bind = (session: SqlSession, tenantId: TenantId): TenantStores => {
    const records = new PostgresRecordScope(session, tenantId);
    return {
      tenants: new RecordTenantStore(records, tenantId),
      apiKeys: new RecordApiKeyStore(records, postgresRevoke(session, tenantId)),
      audit: new PostgresAuditStore(session, tenantId),
      idempotency: new PostgresIdempotencyStore(session, tenantId),
      schema: new PostgresSchemaStore(session, tenantId),
      profiles: new PostgresProfileStore(session, tenantId),
      wallets: new RecordWalletStore(records),
      walletGrants: new RecordWalletGrantStore(records),
      register: new PostgresRegisterStore(session, tenantId),
      records,
      sessions: (rules) => new PostgresSessionStore(session, tenantId, rules),
      transaction: (work) => session.transaction((transaction) => work(bind(transaction, tenantId))),
    };
  };
  const platform = database.platform();
  return {
    engine: database.flavour,
    directory: new RecordTenantDirectory(new PostgresRecordScope(platform), postgresFindCredential(platform)),
    registers: new PostgresRegisterDirectory(platform),
    forTenant: (tenantId) => bind(database.forTenant(tenantId), tenantId),
    ping: () => database.ping(),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
