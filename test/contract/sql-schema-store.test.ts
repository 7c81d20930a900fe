import { schemaStoreContract } from "../../src/testing/schema-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { openSqlEngine, schemaStorageOf } from "./engines.ts";

for (const engine of sqlEngines()) {
  schemaStoreContract(engine.flavour, async () => schemaStorageOf(await openSqlEngine(engine)));
}
