import { InMemoryDatabase } from "../../src/storage/in-memory/in-memory-database.ts";
import { platformContracts } from "../../src/testing/platform-contracts.ts";
import { inMemoryStores } from "../../src/vault/in-memory-stores.ts";

platformContracts("in-memory", async () => inMemoryStores(new InMemoryDatabase()));
