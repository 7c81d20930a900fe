import { profileStoreContract } from "../../src/testing/profile-store-contract.ts";
import { inMemoryEngine } from "./engines.ts";

profileStoreContract("in-memory", inMemoryEngine);
