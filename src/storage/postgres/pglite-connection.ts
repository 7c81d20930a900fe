import pg from "pg";
import { throwIfAborted } from "../until-aborted.ts";
import type { ConnectionLease, ConnectionSource } from "./connection-source.ts";
import { lendToOwner } from "./owner-session.ts";
import { PGliteStream } from "./pglite-stream.ts";
import { PGliteThread } from "./pglite-thread.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { ScopedConnection, type ScopedStatement } from "./scoped-connection.ts";
import { SharedLock } from "./shared-lock.ts";
import type { OwnerConnection, SqlDatabase, SqlRow } from "./sql-database.ts";
import { translateError } from "./translate-error.ts";
import { Upkeep, vacuumTables } from "./upkeep.ts";

export interface PGliteOptions {
  /**
   * Made when it is missing; `undefined` keeps the database in memory. Two processes on one directory corrupt
   * it: the caller holds the `DataDirectoryLock`.
   */
  readonly dataDirectory: string | undefined;
  readonly schema: string;
  /**
   * How long a call waits for its turn, default 10,000. PGlite cannot cancel a statement that runs: it has one
   * thread and no timers.
   */
  readonly statementTimeoutMs?: number | undefined;
}

/**
 * Opens the embedded PostgreSQL in a thread of its own: under parallel callers its promises resolve without ever
 * returning to the event loop. There is one connection; statements of all callers are sent to it without waiting
 * for each other, a transaction has it alone.
 *
 * Errors: `storage_unavailable` when it does not start, and for every call that waits when its thread dies. The next call
 * starts it again; a database in memory is lost with its thread, and every call rejects from then on.
 */
export async function openPGlite(options: PGliteOptions): Promise<SqlDatabase> {
  const { dataDirectory } = options;
  const start = () => PGliteThread.start(dataDirectory);
  return connectPGlite(await start(), { ...options, ...(dataDirectory !== undefined && { restart: start }) });
}

/** As `openPGlite`, on a thread that runs already and that ends with the database. */
export function connectPGlite(
  thread: PGliteThread,
  options: Pick<PGliteOptions, "schema" | "statementTimeoutMs"> & { readonly restart?: () => Promise<PGliteThread> },
): SqlDatabase {
  const waitMs = options.statementTimeoutMs ?? 10_000;
  const connections = new PGliteConnections(thread, { ...options, waitMs });
  return new PostgresDatabase(connections, { drainTimeoutMs: waitMs });
}

interface PGliteConnectionsOptions {
  readonly schema: string;
  readonly waitMs: number;
  /** Where there is something to come back to. */
  readonly restart?: (() => Promise<PGliteThread>) | undefined;
}

class PGliteConnections implements ConnectionSource {
  readonly flavour = "pglite";
  readonly #schema: string;
  readonly #restart: PGliteConnectionsOptions["restart"];
  #thread: PGliteThread;
  #restarting: Promise<void> | undefined;
  readonly #lock: SharedLock;
  /** The application's connection; none while the owner has the database, and none before the first statement. */
  #application: Promise<ApplicationClient> | undefined;
  readonly #upkeep = new Upkeep(() => this.asOwner((owner) => vacuumTables(owner, this.#schema)));

  constructor(thread: PGliteThread, { schema, waitMs, restart }: PGliteConnectionsOptions) {
    this.#thread = thread;
    this.#schema = schema;
    this.#restart = restart;
    this.#lock = new SharedLock(waitMs);
  }

  async run(call: ScopedStatement, signal: AbortSignal | undefined): Promise<SqlRow[]> {
    const turn = this.#lock.share(signal);
    if (turn) await turn;
    try {
      const { connection } = await this.#opened();
      throwIfAborted(signal);
      return await connection.run(call);
    } catch (error) {
      throw translateError(error);
    } finally {
      this.#lock.releaseShared();
      this.#upkeep.count();
    }
  }

  async lease(signal: AbortSignal | undefined): Promise<ConnectionLease> {
    await this.#lock.exclude(signal);
    try {
      const { connection } = await this.#opened();
      const release = () => {
        this.#lock.releaseExclusive();
        this.#upkeep.count();
      };
      // One thread runs the database, and while it runs a statement it hears nothing.
      return { connection, cancel: () => Promise.resolve(), release };
    } catch (error) {
      this.#lock.releaseExclusive();
      throw translateError(error);
    }
  }

  async asOwner<T>(work: (owner: OwnerConnection) => Promise<T>): Promise<T> {
    await this.#lock.exclude();
    try {
      if (!this.#thread.isAlive) await this.#revive();
      await this.#closeApplication();
      const client = await this.#connect();
      try {
        return await lendToOwner(client, this.#schema, work);
      } finally {
        await client.end();
      }
    } finally {
      this.#lock.releaseExclusive();
    }
  }

  async close(idle: boolean): Promise<void> {
    await this.#upkeep.end();
    await this.#restarting?.catch(() => undefined);
    if (idle) await this.#closeApplication();
    await this.#thread.end(idle);
  }

  async #opened(): Promise<ApplicationClient> {
    if (!this.#thread.isAlive) await this.#revive();
    this.#application ??= this.#openApplication();
    return await this.#application;
  }

  /** All callers wait for the one that is under way. */
  async #revive(): Promise<void> {
    if (!this.#restart) return;
    this.#restarting ??= this.#startAgain(this.#restart).finally(() => {
      this.#restarting = undefined;
    });
    await this.#restarting;
  }

  async #startAgain(restart: () => Promise<PGliteThread>): Promise<void> {
    this.#thread = await restart();
    this.#application = undefined;
  }

  async #openApplication(): Promise<ApplicationClient> {
    try {
      const client = await this.#connect();
      // Timeouts of the server never fire here; asking for none does not pretend otherwise.
      const settings = { schema: this.#schema, statementTimeoutMs: 0, idleTransactionTimeoutMs: 0 };
      try {
        return { client, connection: await ScopedConnection.open(client, settings) };
      } catch (error) {
        await client.end();
        throw error;
      }
    } catch (error) {
      this.#application = undefined;
      throw error;
    }
  }

  async #closeApplication(): Promise<void> {
    const application = await this.#application?.catch(() => undefined);
    this.#application = undefined;
    await application?.client.end();
  }

  /** A new client of the one backend, which is made to forget what the one before it had set and prepared. */
  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      stream: () => new PGliteStream(this.#thread) as unknown as ReturnType<NonNullable<pg.ClientConfig["stream"]>>,
      pipeline: true,
      ssl: false,
      host: "pglite",
      user: "postgres",
      password: "",
      database: "postgres",
    });
    // The thread's end reaches the statements that wait and those that follow.
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query("discard all");
      return client;
    } catch (error) {
      throw translateError(error);
    }
  }
}

interface ApplicationClient {
  readonly client: pg.Client;
  readonly connection: ScopedConnection;
}
