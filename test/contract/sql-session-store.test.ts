import { sessionStoreContract } from "../../src/testing/session-store-contract.ts";
import { sqlEngines } from "../../src/testing/sql-engines.ts";
import { openSqlSessions } from "./session-storage.ts";

for (const engine of sqlEngines()) sessionStoreContract(engine.flavour, () => openSqlSessions(engine));
