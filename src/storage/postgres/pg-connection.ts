import pg from "pg";
import { invariant, VaultError } from "../../errors.ts";
import { abortedError } from "../until-aborted.ts";
import { cancelRequest } from "./cancel-request.ts";
import type { ConnectionLease, ConnectionSource } from "./connection-source.ts";
import { lendToOwner } from "./owner-session.ts";
import { PostgresDatabase } from "./postgres-database.ts";
import { type ConnectionSettings, ScopedConnection, type ScopedStatement } from "./scoped-connection.ts";
import type { OwnerConnection, SqlDatabase, SqlRow } from "./sql-database.ts";
import { breaksConnection, translateError } from "./translate-error.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with the parameters libpq knows. */
  readonly url: string;
  readonly schema: string;
  /** Connections at most; more callers wait for up to `connectTimeoutMs`. Default 10. */
  readonly poolMax?: number | undefined;
  /** The server cancels a statement after it. Default 10,000. */
  readonly statementTimeoutMs?: number | undefined;
  /** For a new connection, and for a free one when all are taken. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  readonly applicationName?: string | undefined;
}

const SERVER_VERSION_MIN = 140_000;
/** Long enough to keep the prepared statements of a quiet service, short enough to give connections back. */
const IDLE_CONNECTION_MS = 60_000;
const IDLE_TRANSACTION_MS = 60_000;
/** A server that is frozen cannot cancel its statements; then the client gives up this much later. */
const CLIENT_GRACE_MS = 1_000;
/** A server that does not take a request to cancel by then will not; the connection is thrown away. */
const CANCEL_TIMEOUT_MS = 5_000;
/** One timer for all statements: one per statement would cost more than the rest of the bookkeeping. */
const STALL_CHECK_MS = 1_000;

/**
 * Opens a database on a PostgreSQL server, 14 or newer, with a pool of connections.
 *
 * Errors: `invalid_configuration` for an URL or a login the server refuses, `database_too_old`,
 * `storage_unavailable` when it cannot be reached. Later the database recovers from an outage by itself.
 */
export async function openPostgres(options: PostgresOptions): Promise<SqlDatabase> {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  const source = createSource(options, statementTimeoutMs);
  try {
    await source.asOwner(checkServer);
  } catch (error) {
    await source.close(true);
    throw error;
  }
  return new PostgresDatabase(source, {
    drainTimeoutMs: statementTimeoutMs + CLIENT_GRACE_MS,
  });
}

function createSource(options: PostgresOptions, statementTimeoutMs: number): PooledConnections {
  const config: pg.PoolConfig = {
    connectionString: options.url,
    application_name: options.applicationName ?? "strongroom",
    max: options.poolMax ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    // Lets the statements of one transaction overlap.
    pipeline: true,
  };
  const settings = { schema: options.schema, statementTimeoutMs, idleTransactionTimeoutMs: IDLE_TRANSACTION_MS };
  try {
    // Anything else the driver takes for the path of a socket or for its defaults.
    invariant(/^postgres(ql)?:\/\//.test(options.url), "a database URL has a scheme");
    return new PooledConnections(config, settings);
  } catch {
    // The driver's error quotes the URL, password included.
    throw new VaultError("invalid_configuration", "The database URL cannot be read.", {
      hint: "It has the form postgres://user:password@host:port/database; escape special characters of the password.",
    });
  }
}

async function checkServer(owner: OwnerConnection): Promise<void> {
  const [server] = await owner.query<{ version: number; encoding: string }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
  );
  if ((server?.version ?? 0) < SERVER_VERSION_MIN) {
    throw new VaultError("database_too_old", "The PostgreSQL server is older than 14.", { details: { ...server } });
  }
  if (server?.encoding !== "UTF8") {
    throw new VaultError("database_too_old", "The database cannot keep every text: its encoding is not UTF8.", {
      hint: "Create the database with ENCODING 'UTF8'.",
      details: { ...server },
    });
  }
}

class PooledConnections implements ConnectionSource {
  readonly flavour = "postgres";
  readonly #config: pg.PoolConfig;
  readonly #settings: ConnectionSettings;
  readonly #pool: pg.Pool;
  readonly #connections = new WeakMap<pg.ClientBase, ScopedConnection>();
  readonly #leased = new Set<pg.PoolClient>();
  readonly #stallCheck: NodeJS.Timeout;
  /** False from a failure to connect until a connection is had again. */
  #reachable = true;

  /** @throws the driver's error when the URL cannot be read */
  constructor(config: pg.PoolConfig, settings: ConnectionSettings) {
    // The driver reads the URL when it connects; a bad one shall be known before.
    void new pg.Client(config);
    this.#config = config;
    this.#settings = settings;
    // The pool waits for the promise; its published types do not say so.
    const onConnect = ((client) => this.#prepare(client)) as (client: pg.ClientBase) => void;
    this.#pool = new pg.Pool({ ...config, onConnect });
    // An idle connection that breaks leaves the pool by itself; without a listener it would end the process.
    this.#pool.on("error", ignore);
    this.#stallCheck = setInterval(() => this.#cutStalled(), STALL_CHECK_MS).unref();
  }

  async run(call: ScopedStatement, signal: AbortSignal | undefined): Promise<SqlRow[]> {
    const client = await this.#acquire(signal);
    let rows: SqlRow[];
    try {
      rows = await (signal ? this.#runCancellable(client, call, signal) : this.#connectionOf(client).run(call));
    } catch (error) {
      this.#release(client, breaksConnection(error));
      throw translateError(error);
    }
    this.#release(client, false);
    return rows;
  }

  async lease(signal: AbortSignal | undefined): Promise<ConnectionLease> {
    const client = await this.#acquire(signal);
    return {
      connection: this.#connectionOf(client),
      cancel: () => this.#cancel(client),
      release: (failure) => this.#release(client, failure !== undefined || client.getTransactionStatus() !== "I"),
    };
  }

  async asOwner<T>(work: (owner: OwnerConnection) => Promise<T>): Promise<T> {
    const client = new pg.Client(this.#config);
    client.on("error", ignore);
    try {
      await client.connect();
    } catch (error) {
      throw translateError(error);
    }
    try {
      return await lendToOwner(client, this.#settings.schema, work);
    } finally {
      await client.end();
    }
  }

  async close(idle: boolean): Promise<void> {
    clearInterval(this.#stallCheck);
    const ended = this.#pool.end();
    if (idle) return ended;
    for (const client of this.#leased) cut(client);
  }

  async #prepare(client: pg.ClientBase): Promise<void> {
    // The pool listens only while a connection is idle; the statements of a lent one report the failure.
    client.on("error", ignore);
    const deadline = setTimeout(() => cut(client), this.#config.connectionTimeoutMillis);
    try {
      this.#connections.set(client, await ScopedConnection.open(client, this.#settings));
    } finally {
      clearTimeout(deadline);
    }
  }

  #cutStalled(): void {
    const limit = performance.now() - this.#settings.statementTimeoutMs - CLIENT_GRACE_MS;
    for (const client of this.#leased) if (this.#connectionOf(client).busySince < limit) cut(client);
  }

  /** Settles when both the statement and the request to cancel it are over: a late one would meet the next statement. */
  async #runCancellable(client: pg.PoolClient, call: ScopedStatement, signal: AbortSignal): Promise<SqlRow[]> {
    // Fired since the connection was had: the caller has its answer already.
    if (signal.aborted) return [];
    let cancelling: Promise<void> | undefined;
    const cancel = (): void => {
      cancelling = this.#cancel(client);
      cancelling.catch(ignore);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#connectionOf(client).run(call);
    } finally {
      signal.removeEventListener("abort", cancel);
      await cancelling;
    }
  }

  #cancel(client: pg.PoolClient): Promise<void> {
    return cancelRequest(this.#config, client, CANCEL_TIMEOUT_MS);
  }

  /** Rejects with `aborted` at once; the place in the pool's queue cannot be left, and is passed on when its turn comes. */
  #acquire(signal: AbortSignal | undefined): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(abortedError());
      signal?.addEventListener("abort", abort, { once: true });
      this.#pool.connect((error, client) => {
        signal?.removeEventListener("abort", abort);
        if (client) this.#reachable = true;
        if (client && signal?.aborted) client.release();
        else if (client) {
          this.#leased.add(client);
          resolve(client);
        } else reject(this.#acquireError(error));
      });
    });
  }

  #acquireError(error: unknown): Error {
    const translated = translateError(error);
    if (!(translated instanceof VaultError)) return translated;
    if (translated.code === "storage_unavailable") this.#reachable = false;
    if (translated.code !== "storage_timeout") return translated;
    return this.#reachable
      ? new VaultError("storage_timeout", "No database connection became free in time.", { cause: error })
      : new VaultError("storage_unavailable", "The database cannot be reached.", { cause: error });
  }

  #release(client: pg.PoolClient, broken: boolean): void {
    this.#leased.delete(client);
    client.release(broken);
  }

  #connectionOf(client: pg.PoolClient): ScopedConnection {
    const connection = this.#connections.get(client);
    if (!connection) throw new VaultError("internal_error", "The pool handed out a connection nobody prepared.");
    return connection;
  }
}

function ignore(): void {}

/** Ends a connection without asking the server; what waits for an answer on it is rejected. */
function cut(client: pg.ClientBase): void {
  (client as pg.Client).connection.stream.destroy();
}
