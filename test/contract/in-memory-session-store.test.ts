import { UuidV7Generator } from "../../src/identifiers.ts";
import { InMemorySessionStore } from "../../src/sessions/in-memory-session-store.ts";
import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { SESSION_MAX_AGE_MS, type SessionStorage } from "../../src/testing/session-storage.ts";
import { sessionStoreContract } from "../../src/testing/session-store-contract.ts";

sessionStoreContract("in-memory", async (): Promise<SessionStorage> => {
  const database = new InMemoryDatabase();
  const clock = new ManualClock();
  const ids = new UuidV7Generator();
  return {
    clock,
    createTenant: async () => ids.uuid(),
    forTenant: (tenantId) =>
      new InMemorySessionStore(database.forTenant(tenantId), { clock, maxAgeMs: SESSION_MAX_AGE_MS }),
    [Symbol.asyncDispose]: async () => database.close(),
  };
});
