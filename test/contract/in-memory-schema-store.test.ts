import { schemaStoreContract } from "../../src/testing/schema-store-contract.ts";
import { inMemoryEngine, schemaStorageOf } from "./engines.ts";

schemaStoreContract("in-memory", async () => schemaStorageOf(await inMemoryEngine()));
