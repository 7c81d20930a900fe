import { registerStoreContract } from "../../src/testing/register-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { inMemoryEngine, openSqlEngine } from "./engines.ts";

registerStoreContract("in-memory", inMemoryEngine);
for (const engine of sqlEngines()) registerStoreContract(engine.flavour, () => openSqlEngine(engine));
