import { afterAll, beforeAll, describe } from "vitest";
import { newTenantId, type RecordStorage, type RepositorySuite, WIDGETS } from "./record-storage.ts";
import { repositoryPlatformContract } from "./repository-platform-contract.ts";
import { repositoryQueryContract } from "./repository-query-contract.ts";
import { repositoryTransactionContract } from "./repository-transaction-contract.ts";
import { repositoryValueContract } from "./repository-value-contract.ts";
import { repositoryWriteContract } from "./repository-write-contract.ts";

/** What a `Repository` and a `RecordScope` must do. The storage has the tables of `record-storage.ts`, all empty. */
export function repositoryContract(engine: string, open: () => Promise<RecordStorage>): void {
  describe(`records on ${engine}`, () => {
    let storage: RecordStorage;

    beforeAll(async () => {
      storage = await open();
    });
    afterAll(async () => {
      await storage[Symbol.asyncDispose]();
    });

    const suite: RepositorySuite = {
      get storage() {
        return storage;
      },
      newTenant() {
        const tenantId = newTenantId();
        const scope = storage.forTenant(tenantId);
        return { tenantId, scope, widgets: scope.repository(WIDGETS) };
      },
    };
    repositoryWriteContract(suite);
    repositoryValueContract(suite);
    repositoryQueryContract(suite);
    repositoryTransactionContract(suite);
    repositoryPlatformContract(suite);
  });
}
