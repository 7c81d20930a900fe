import { sessionStoreContract } from "../../src/testing/session-store-contract.ts";
import { openInMemorySessions } from "./session-storage.ts";

sessionStoreContract("in-memory", openInMemorySessions);
