import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { wormStoreContract } from "../../src/testing/worm-store-contract.ts";
import { openSqlWormStorage } from "./worm-storage-sql.ts";

for (const engine of sqlEngines()) wormStoreContract(engine.flavour, () => openSqlWormStorage(engine));
