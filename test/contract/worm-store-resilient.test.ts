import { resilientWormDatabase } from "../../src/storage/resilience/resilient-worm-database.ts";
import { wormStoreContract } from "../../src/testing/worm-store-contract.ts";
import { guardedTier } from "./guarded-tier.ts";
import { openInMemoryWormStorage } from "./worm-storage-in-memory.ts";

wormStoreContract("in-memory behind a guard", async () => {
  const storage = await openInMemoryWormStorage();
  const database = resilientWormDatabase(storage.database, guardedTier("cold"));
  return {
    ...storage,
    database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    },
  };
});
