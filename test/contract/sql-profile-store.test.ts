import { profileStoreContract } from "../../src/testing/profile-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { openSqlEngine } from "./engines.ts";

for (const engine of sqlEngines()) {
  profileStoreContract(engine.flavour, () => openSqlEngine(engine));
}
