import type { ScopedConnection, ScopedStatement } from "./scoped-connection.ts";
import type { OwnerConnection, SqlDatabase, SqlRow } from "./sql-database.ts";

/** A connection that nobody else uses until it is released. */
export interface ConnectionLease {
  readonly connection: ScopedConnection;
  /**
   * Asks the server to give up what runs, if there is a way to. Resolves once it cannot meet a later statement any more;
   * rejects when that is not certain, and then the connection is not to be used again.
   */
  cancel(): Promise<void>;
  /** @param failure the error after which the connection can no longer be trusted, if there was one */
  release(failure?: unknown): void;
}

/** Where statements find a connection: what differs between a server's pool and PGlite. Errors are translated. */
export interface ConnectionSource {
  readonly flavour: SqlDatabase["flavour"];
  /**
   * Runs one statement outside a transaction on a connection that may be shared. Once the signal fires, a call that
   * waits leaves the queue, and one that runs settles when its connection is free again, sooner where it can be cancelled.
   */
  run(call: ScopedStatement, signal?: AbortSignal): Promise<SqlRow[]>;
  lease(signal?: AbortSignal): Promise<ConnectionLease>;
  asOwner<T>(work: (owner: OwnerConnection) => Promise<T>): Promise<T>;
  /** @param idle false when calls are still open although they had time to finish; they are cut off */
  close(idle: boolean): Promise<void>;
}
