import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { cachedEngine } from "../../src/testing/cached-engine.ts";
import { profileStoreContract } from "../../src/testing/profile-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryEngine, openSqlEngine } from "./engines.ts";

const cached = async (engine: ReturnType<typeof inMemoryEngine>) =>
  cachedEngine(await engine, new InMemoryCacheStore());

profileStoreContract("in-memory behind a cache", () => cached(inMemoryEngine()));
for (const engine of sqlEngines()) {
  profileStoreContract(`${engine.flavour} behind a cache`, () => cached(openSqlEngine(engine)));
}
