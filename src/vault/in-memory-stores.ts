import { InMemoryAuditStore } from "../audit/in-memory-audit-store.ts";
import type { TenantId } from "../identifiers.ts";
import { InMemoryProfileStore } from "../profiles/in-memory-profile-store.ts";
import { InMemoryRegisterDirectory } from "../register/in-memory-register-directory.ts";
import { InMemoryRegisterStore } from "../register/in-memory-register-store.ts";
import { InMemorySchemaStore } from "../schema/in-memory-schema-store.ts";
import { InMemorySessionStore } from "../sessions/in-memory-session-store.ts";
import type { InMemoryDatabase, InMemorySession } from "../storage/in-memory/in-memory-database.ts";
import { InMemoryRecordScope } from "../storage/in-memory/in-memory-record-scope.ts";
import { inMemoryFindCredential, inMemoryRevoke } from "../tenants/in-memory-credentials.ts";
import { InMemoryIdempotencyStore } from "../tenants/in-memory-idempotency-store.ts";
import { RecordApiKeyStore } from "../tenants/record-api-key-store.ts";
import { RecordTenantDirectory } from "../tenants/record-tenant-directory.ts";
import { RecordTenantStore } from "../tenants/record-tenant-store.ts";
import { RecordWalletGrantStore } from "../wallets/record-wallet-grant-store.ts";
import { RecordWalletStore } from "../wallets/record-wallet-store.ts";
import type { Stores, TenantStores } from "./stores.ts";

export function inMemoryStores(database: InMemoryDatabase): Stores {
  const bind = (session: InMemorySession, tenantId: TenantId): TenantStores => {
    const records = new InMemoryRecordScope(session, tenantId);
    return {
      tenants: new RecordTenantStore(records, tenantId),
      apiKeys: new RecordApiKeyStore(records, inMemoryRevoke(records)),
      audit: new InMemoryAuditStore(session),
      idempotency: new InMemoryIdempotencyStore(session),
      schema: new InMemorySchemaStore(session),
      profiles: new InMemoryProfileStore(session, tenantId),
      wallets: new RecordWalletStore(records),
      walletGrants: new RecordWalletGrantStore(records),
      register: new InMemoryRegisterStore(session),
      records,
      sessions: (rules) => new InMemorySessionStore(session, rules),
      transaction: (work) => session.transaction((transaction) => work(bind(transaction, tenantId))),
    };
  };
  const everybody = database.everybody();
  const platform = new InMemoryRecordScope(everybody);
  return {
    engine: "in-memory",
    directory: new RecordTenantDirectory(platform, inMemoryFindCredential(database)),
    registers: new InMemoryRegisterDirectory(everybody),
    forTenant: (tenantId) => bind(database.forTenant(tenantId), tenantId),
    ping: () => database.platform().run(() => undefined),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}
