import type { ClientSession, Db, MongoClient, MongoClientOptions } from "mongodb";
import { VaultError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { untilAborted } from "../until-aborted.ts";
import { type MongoFeatures, probeServer } from "./probe-server.ts";
import { isTransient, translateError } from "./translate-error.ts";

export interface MongoOptions {
  /** `mongodb://user:password@host:port/database`, or `mongodb+srv://`. */
  readonly url: string;
  /** `strongroom` when neither this nor the URL names one. */
  readonly database?: string | undefined;
  /** How long a server is looked for, and a connection to it. 5,000 ms when left out. */
  readonly connectTimeoutMs?: number | undefined;
  /** How long one command may take. 30,000 ms when left out. */
  readonly commandTimeoutMs?: number | undefined;
  /** Connections to one server, at most. 20 when left out. */
  readonly poolMax?: number | undefined;
}

/** What goes along with a command: spread it into the driver's options. */
export interface MongoCall {
  /** Of a transaction; left out elsewhere. */
  readonly session?: ClientSession;
}

/** A call that reads: the server gives it up in time, and the driver at once when the signal fires. */
export interface MongoRead extends MongoCall {
  readonly maxTimeMS: number;
  readonly signal?: AbortSignal;
}

export interface MongoContext {
  readonly read: MongoRead;
  readonly write: MongoCall;
}

const DATABASE_IN_URL = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/;
const DATABASE_DEFAULT = "strongroom";
const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 30_000;
const POOL_MAX = 20;
const TRANSACTION_ATTEMPTS = 5;

/**
 * Connects and probes the server. Writes are acknowledged by a majority, from its journals; reads see nothing else.
 *
 * @throws `unsupported` without the driver, `invalid_configuration`, `storage_unavailable`, `storage_timeout`,
 * `server_too_old` with what was found and what is required
 */
export async function openMongo(options: MongoOptions): Promise<MongoConnection> {
  const client = await connected(options);
  try {
    const database = client.db(options.database ?? DATABASE_IN_URL.exec(options.url)?.[1] ?? DATABASE_DEFAULT);
    const features = await probeServer(database);
    return new MongoConnection(client, { database, features, commandTimeoutMs: timeoutOf(options) });
  } catch (error) {
    await client.close(true);
    throw translateError(error);
  }
}

interface Connected {
  readonly database: Db;
  readonly features: MongoFeatures;
  readonly commandTimeoutMs: number;
}

/** One client of one server or replica set, for every store on it. */
export class MongoConnection implements AsyncDisposable {
  readonly database: Db;
  readonly features: MongoFeatures;
  readonly #client: MongoClient;
  readonly #commandTimeoutMs: number;
  readonly #open = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(client: MongoClient, { database, features, commandTimeoutMs }: Connected) {
    this.database = database;
    this.features = features;
    this.#client = client;
    this.#commandTimeoutMs = commandTimeoutMs;
  }

  /**
   * Runs commands outside a transaction.
   *
   * @throws `aborted`, `closed`, `DuplicateKey` and what else `translateError` makes of the driver's rejections
   */
  run<T>(options: CallOptions | undefined, work: (context: MongoContext) => Promise<T>): Promise<T> {
    return this.#call(options, () => work(this.#context(options?.signal)));
  }

  /**
   * Runs `work` in one transaction, again when another one got in its way. Only with `features.transactions`.
   * Rejects like `run`.
   */
  transaction<T>(options: CallOptions | undefined, work: (context: MongoContext) => Promise<T>): Promise<T> {
    return this.#call(options, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#attempt(options?.signal, work);
        } catch (error) {
          if (attempt === TRANSACTION_ATTEMPTS || !isTransient(error)) throw error;
        }
      }
    });
  }

  /** A sign of life. */
  async ping(options?: CallOptions): Promise<void> {
    await this.run(options, ({ read }) => this.database.command({ ping: 1 }, { ...signalOf(read) }));
  }

  /** Waits for what runs, and then ends the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #context(signal: AbortSignal | undefined, session?: ClientSession): MongoContext {
    const write = session === undefined ? {} : { session };
    return { write, read: { ...write, maxTimeMS: this.#commandTimeoutMs, ...(signal && { signal }) } };
  }

  #call<T>(options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(new VaultError("closed", "The connection to MongoDB was closed."));
    return untilAborted(options?.signal, () => {
      const running = translated(work);
      this.#open.add(running);
      const end = (): boolean => this.#open.delete(running);
      running.then(end, end);
      return running;
    });
  }

  async #attempt<T>(signal: AbortSignal | undefined, work: (context: MongoContext) => Promise<T>): Promise<T> {
    await using session = this.#client.startSession();
    session.startTransaction({ readConcern: { level: "snapshot" } });
    let result: T;
    try {
      result = await work(this.#context(signal, session));
    } catch (error) {
      // What failed is what the caller wants to know; the server ends the transaction in any case.
      await session.abortTransaction().catch(() => undefined);
      throw error;
    }
    await session.commitTransaction();
    return result;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#open);
    await this.#client.close(true);
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateError(error);
  }
}

function signalOf({ signal }: MongoRead): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function timeoutOf({ commandTimeoutMs }: MongoOptions): number {
  return commandTimeoutMs ?? COMMAND_TIMEOUT_MS;
}

async function connected(options: MongoOptions): Promise<MongoClient> {
  const driver = await loadDriver();
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const settings: MongoClientOptions = {
    appName: "strongroom",
    serverSelectionTimeoutMS: connectTimeoutMs,
    connectTimeoutMS: connectTimeoutMs,
    waitQueueTimeoutMS: connectTimeoutMs,
    // Longer than the server is given, so that its own answer comes first where it has one.
    socketTimeoutMS: timeoutOf(options) + 1_000,
    maxPoolSize: options.poolMax ?? POOL_MAX,
    writeConcern: { w: "majority", journal: true },
    readConcern: { level: "majority" },
    readPreference: "primary",
    ignoreUndefined: false,
    promoteValues: true,
  };
  let client: MongoClient | undefined;
  try {
    client = new driver.MongoClient(options.url, settings);
    return await client.connect();
  } catch (error) {
    await client?.close(true);
    throw translateError(error);
  }
}

async function loadDriver(): Promise<typeof import("mongodb")> {
  try {
    return await import("mongodb");
  } catch (cause) {
    throw new VaultError("unsupported", "The driver of MongoDB is not installed.", {
      hint: "Install the package `mongodb`, version 7 or newer.",
      cause,
    });
  }
}
