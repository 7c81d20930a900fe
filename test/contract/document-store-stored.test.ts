import { documentStoreContract } from "../../src/testing/document-store-contract.ts";
import { storedDocumentEngines } from "./document-storage.ts";

for (const { name, open } of storedDocumentEngines()) documentStoreContract(name, open);
