import { resilientDocumentDatabase } from "../../src/storage/resilience/resilient-document-database.ts";
import { documentStoreContract } from "../../src/testing/document-store-contract.ts";
import { openInMemoryDocuments } from "./document-storage.ts";
import { guardedTier } from "./guarded-tier.ts";

documentStoreContract("in-memory behind a guard", async () => {
  const storage = await openInMemoryDocuments();
  const database = resilientDocumentDatabase(storage.database, guardedTier("documents"));
  return {
    ...storage,
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
});
