import { InMemoryCacheStore } from "../../src/storage/in-memory/in-memory-cache-store.ts";
import { cachedEngine } from "../../src/testing/cached-engine.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { walletContract } from "../../src/testing/wallet-contract.ts";
import { inMemoryEngine, openSqlEngine } from "./engines.ts";

walletContract("in-memory", inMemoryEngine);
walletContract("in-memory behind a cache", async () => cachedEngine(await inMemoryEngine(), new InMemoryCacheStore()));
for (const engine of sqlEngines()) walletContract(engine.flavour, () => openSqlEngine(engine));
