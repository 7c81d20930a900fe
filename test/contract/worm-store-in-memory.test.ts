import { wormStoreContract } from "../../src/testing/worm-store-contract.ts";
import { openInMemoryWormStorage } from "./worm-storage-in-memory.ts";

wormStoreContract("in-memory", openInMemoryWormStorage);
