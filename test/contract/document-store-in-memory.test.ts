import { documentStoreContract } from "../../src/testing/document-store-contract.ts";
import { openInMemoryDocuments } from "./document-storage.ts";

documentStoreContract("in-memory", openInMemoryDocuments);
