import type { DocumentDatabase } from "../storage/document-store.ts";

/** An engine of documents under test. */
export interface DocumentStorage extends AsyncDisposable {
  readonly database: DocumentDatabase;
  /** Another database over the same documents, as another process has it. */
  another(): Promise<DocumentDatabase>;
}

export type OpenDocumentStorage = () => Promise<DocumentStorage>;
