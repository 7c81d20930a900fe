import { describe } from "vitest";
import { documentFilterContract } from "./document-filter-contract.ts";
import { documentLifecycleContract } from "./document-lifecycle-contract.ts";
import { documentQueryContract } from "./document-query-contract.ts";
import { documentSuite, type OpenDocumentStorage } from "./document-storage.ts";
import { documentUniqueContract } from "./document-unique-contract.ts";
import { documentValueContract } from "./document-value-contract.ts";
import { documentWriteContract } from "./document-write-contract.ts";

export type { DocumentStorage, OpenDocumentStorage } from "./document-storage.ts";

/** What a `DocumentDatabase` and its stores must do. */
export function documentStoreContract(engine: string, open: OpenDocumentStorage): void {
  describe(`document store on ${engine}`, () => {
    const suite = documentSuite(open);
    documentValueContract(suite);
    documentWriteContract(suite);
    documentUniqueContract(suite);
    documentFilterContract(suite);
    documentQueryContract(suite);
    documentLifecycleContract(suite);
  });
}
