import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { cachedEngine } from "../../src/testing/cached-engine.ts";
import { schemaStoreContract } from "../../src/testing/schema-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryEngine, openSqlEngine, schemaStorageOf } from "./engines.ts";

const cached = async (engine: ReturnType<typeof inMemoryEngine>) =>
  schemaStorageOf(cachedEngine(await engine, new InMemoryCacheStore()));

schemaStoreContract("in-memory behind a cache", () => cached(inMemoryEngine()));
for (const engine of sqlEngines()) {
  schemaStoreContract(`${engine.flavour} behind a cache`, () => cached(openSqlEngine(engine)));
}
