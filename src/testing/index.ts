/*
 * The contract suites of the store interfaces, so that an engine from outside can be held to them. They register
 * vitest tests: call each in a test file with the engine's name and a way to open it.
 */
export { type AuditScope, type AuditStorage, auditStoreContract } from "./audit-store-contract.ts";
export { cacheStoreContract } from "./cache-store-contract.ts";
export type { CacheStoreSettings, CacheStoreUnderTest, OpenCacheStore } from "./cache-store-under-test.ts";
export { type DocumentStorage, documentStoreContract, type OpenDocumentStorage } from "./document-store-contract.ts";
export { type Engine, type EngineProbe, engineOver, type TenantUnderTest } from "./engine.ts";
export { type Fault, FaultInjector, type FaultRule, withFaults } from "./fault-injection.ts";
export {
  type IdempotencyScope,
  type IdempotencyStorage,
  idempotencyStoreContract,
} from "./idempotency-store-contract.ts";
export { ManualClock } from "./manual-clock.ts";
export { ManualTimers } from "./manual-timers.ts";
export { profileStoreContract } from "./profile-store-contract.ts";
export { HOUSES, LABELS, type RecordStorage, recordsMigration, WIDGETS } from "./record-storage.ts";
export { registerStoreContract } from "./register-store-contract.ts";
export { repositoryContract } from "./repository-contract.ts";
export type { SchemaStorage } from "./schema-storage.ts";
export { schemaStoreContract } from "./schema-store-contract.ts";
export { seededIds } from "./seeded-ids.ts";
export { SESSION_MAX_AGE_MS, type SessionStorage } from "./session-storage.ts";
export { sessionStoreContract } from "./session-store-contract.ts";
export { type TenantScope, type TenantStorage, tenantStoreContract } from "./tenant-store-contract.ts";
export {
  type KeptRow,
  type LogPlace,
  type OpenWormStorage,
  type WormStorage,
  wormStoreContract,
} from "./worm-store-contract.ts";
