/**
 * What the parent tells the worker: frontend messages of PostgreSQL's protocol to execute in order, or to close
 * the database and end.
 */
export type PGliteRequest = Uint8Array | "close";

/** The worker's answer to each request of bytes, in order, unless there is none; or how the start went. */
export type PGliteReply = Uint8Array | { readonly started: true } | { readonly failed: string };

export interface PGliteWorkerData {
  /** `undefined` keeps the database in memory. */
  readonly dataDirectory: string | undefined;
}
