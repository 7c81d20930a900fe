import { Cluster, Command, Redis } from "ioredis";
import { VaultError } from "../../errors.ts";
import { untilAborted } from "../until-aborted.ts";
import { JointWrites } from "./joint-writes.ts";
import { probeServer, type RedisServer } from "./probe-server.ts";
import type {
  RedisArgument,
  RedisCallOptions,
  RedisConnection,
  RedisNode,
  RedisScriptCall,
  RedisSubscriber,
} from "./redis-connection.ts";
import type { RedisScript } from "./redis-script.ts";
import { parseRedisUrl, type RedisAddress } from "./redis-url.ts";
import { IoredisSubscriber } from "./subscriber.ts";
import { CommandTimeout, translateError } from "./translate-error.ts";

export interface RedisOptions {
  /** `redis://user:password@host:port/0`; `rediss://` for TLS. Any node, for a cluster. */
  readonly url: string;
  /** `strongroom:` when left out. In a cluster without braces, which choose a key's slot. */
  readonly keyPrefix?: string | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** Deadline of a command, 50 ms when left out. */
  readonly commandTimeoutMs?: number | undefined;
  /** The server is a node of a cluster. Its replicas are not asked. */
  readonly cluster?: boolean | undefined;
  /** False: opens without a server too, and connects when there is one. */
  readonly required?: boolean | undefined;
  /** From 0 up to 1, for the pauses between attempts to connect. */
  readonly random?: (() => number) | undefined;
}

/**
 * Connects, and checks that the server is one that the vault can use. A lost connection is tried again at once, then
 * after pauses that double from 1 s to 60 s, each shortened by up to a half.
 *
 * @throws `invalid_configuration`, `server_too_old`, and, of a server that is required, `storage_unavailable`
 */
export async function openRedis(options: RedisOptions): Promise<RedisConnection> {
  const connection = new IoredisConnection(options);
  try {
    await connection.connect();
  } catch (error) {
    if (options.required === false && !(error instanceof VaultError && error.code === "server_too_old"))
      return connection;
    await connection[Symbol.asyncDispose]();
    throw error;
  }
  return connection;
}

type Client = Redis | Cluster;

class IoredisConnection implements RedisConnection {
  readonly keyPrefix: string;
  readonly isCluster: boolean;
  readonly commandTimeoutMs: number;
  readonly #client: Client;
  readonly #address: RedisAddress;
  readonly #options: RedisOptions;
  readonly #writes = new JointWrites();
  readonly #prepares = new Set<(node: RedisNode) => Promise<void>>();
  #server: RedisServer | undefined;
  /** Why commands are not sent yet, or no more; `undefined` while they are. */
  #refusal: VaultError | undefined = notConnected();
  #preparing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RedisOptions) {
    this.keyPrefix = options.keyPrefix ?? KEY_PREFIX;
    this.isCluster = options.cluster ?? false;
    this.commandTimeoutMs = options.commandTimeoutMs ?? 50;
    if (this.isCluster && /[{}]/.test(this.keyPrefix)) {
      throw new VaultError("invalid_configuration", "The key prefix of a Redis cluster has no braces.");
    }
    this.#options = options;
    this.#address = parseRedisUrl(options.url);
    this.#client = newClient(this.#address, options, { use: "commands", retryMsMax: RETRY_MS_MAX });
    this.#client.on("close", () => this.#disconnected());
    this.#client.on("ready", () => this.#prepareAgain());
  }

  /** Resolves when the server was reached, checked and prepared; rejects when the first attempt came to nothing. */
  async connect(): Promise<void> {
    let failure: unknown;
    const remember = (error: unknown): void => {
      failure ??= error;
    };
    this.#client.on("error", remember);
    try {
      await this.#client.connect();
    } catch (error) {
      throw translateError(failure ?? error);
    } finally {
      this.#client.off("error", remember);
    }
    await this.#prepareServer();
  }

  send<Reply>(name: string, values: readonly RedisArgument[], options?: RedisCallOptions): Promise<Reply> {
    if (this.#refusal) return Promise.reject(this.#refusal);
    return this.#dispatch(this.#client, { name, values }, options);
  }

  async run<Reply>(script: RedisScript, call: RedisScriptCall, options?: RedisCallOptions): Promise<Reply> {
    const values = [call.keys.length, ...call.keys, ...call.values];
    const known = await this.send<Reply | typeof NO_SCRIPT>("evalsha", [script.sha, ...values], options);
    return known === NO_SCRIPT ? this.send<Reply>("eval", [script.text, ...values], options) : known;
  }

  primaries(): readonly RedisNode[] {
    const clients = this.#client instanceof Cluster ? this.#client.nodes("master") : [this.#client];
    return clients.map((client) => ({
      send: (name, values, options) =>
        this.#refusal ? Promise.reject(this.#refusal) : this.#dispatch(client, { name, values }, options),
    }));
  }

  onServerChange(prepare: (node: RedisNode) => Promise<void>): () => void {
    this.#prepares.add(prepare);
    return () => this.#prepares.delete(prepare);
  }

  subscriber(): RedisSubscriber {
    return new IoredisSubscriber(
      newClient(this.#address, this.#options, { use: "subscriber", retryMsMax: SUBSCRIBER_RETRY_MS_MAX }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#refusal = closedError();
    this.#client.disconnect();
  }

  #dispatch<Reply>(
    client: Client,
    call: { readonly name: string; readonly values: readonly RedisArgument[] },
    { signal, timeoutMs = this.commandTimeoutMs }: RedisCallOptions = {},
  ): Promise<Reply> {
    return untilAborted(signal, async () => {
      const command = new Command(call.name, call.values as RedisArgument[], { replyEncoding: "utf8" });
      const deadline = setTimeout(expire, timeoutMs, command);
      try {
        if (client === this.#client && client instanceof Redis) this.#writes.begin(client.stream);
        client.sendCommand(command);
        return await command.promise;
      } catch (error) {
        if (call.name === "evalsha" && isUnknownScript(error)) return NO_SCRIPT;
        throw this.#isClosed ? closedError() : translateError(error);
      } finally {
        clearTimeout(deadline);
      }
    });
  }

  #disconnected(): void {
    if (!this.#isClosed) this.#refusal = notConnected();
  }

  /** Once for each connection: after `connect`, and in the background after each interruption. */
  #prepareServer(): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  async #prepare(): Promise<void> {
    if (this.#isClosed || this.#refusal === undefined) return;
    try {
      await this.#meetServer();
      if (this.#isReady) this.#refusal = undefined;
    } catch (error) {
      if (this.#isClosed) throw closedError();
      this.#refusal = asUnavailable(error);
      if (this.#isReady) setTimeout(() => this.#prepareAgain(), RETRY_MS_MIN).unref();
      throw error;
    }
  }

  /** The one way past the refusal: what has to be done before anybody's commands are sent. */
  async #meetServer(): Promise<void> {
    const timeoutMs = this.#options.connectTimeoutMs ?? CONNECT_MS;
    const node: RedisNode = {
      send: (name, values, options) => this.#dispatch(this.#client, { name, values }, { timeoutMs, ...options }),
    };
    const server = await probeServer(node);
    const isChanged = this.#server !== undefined && server.runId !== this.#server.runId;
    if (isChanged && !this.isCluster) await Promise.all(Array.from(this.#prepares, (prepare) => prepare(node)));
    this.#server = server;
  }

  get #isReady(): boolean {
    return this.#client.status === "ready" && !this.#isClosed;
  }

  #prepareAgain(): void {
    if (this.#isReady) this.#prepareServer().catch(ignore);
  }
}

/** What stands for "the server does not know this script": an answer, not a failure. */
const NO_SCRIPT = Symbol("NOSCRIPT");
const KEY_PREFIX = "strongroom:";
const CONNECT_MS = 5_000;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 60_000;
/** While a subscriber is not connected, reads go without what lies in front of Redis: it is in more of a hurry. */
const SUBSCRIBER_RETRY_MS_MAX = 5_000;

interface ClientUse {
  /** Names the connection to who lists those of the server. */
  readonly use: "commands" | "subscriber";
  readonly retryMsMax: number;
}

function newClient(address: RedisAddress, options: RedisOptions, { use, retryMsMax }: ClientUse): Client {
  const connectTimeout = options.connectTimeoutMs ?? CONNECT_MS;
  const random = options.random ?? Math.random;
  const pause = (attempt: number): number =>
    Math.min(retryMsMax, attempt === 1 ? 50 : RETRY_MS_MIN * 2 ** Math.min(16, attempt - 2)) * (1 - random() / 2);
  const settings = {
    lazyConnect: true,
    protocol: 2,
    connectTimeout,
    // A server that takes commands and answers none is dropped; deadlines of commands are shorter.
    socketTimeout: connectTimeout,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // The driver would not handle a failure of it, which would end the process. Subscribers do it themselves.
    autoResubscribe: false,
    disableClientInfo: true,
    connectionName: `${options.keyPrefix ?? KEY_PREFIX}${use}`,
  } as const;
  const { host, port, username, password, tls } = address;
  const client = options.cluster
    ? new Cluster([{ host, port }], {
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: pause,
        slotsRefreshTimeout: connectTimeout,
        redisOptions: { ...settings, username, password, tls },
      })
    : new Redis({ ...settings, ...address, enableOfflineQueue: false, retryStrategy: pause });
  // Commands report failures to those who sent them; without a listener the driver would print them, too.
  client.on("error", ignore);
  return client;
}

/**
 * Replies that have come in, but were not read because this process was busy, are read before a command is given up.
 */
function expire(command: Command): void {
  setImmediate(() => command.reject(new CommandTimeout("no answer in time")));
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

function closedError(): VaultError {
  return new VaultError("closed", "The connection to Redis was closed.");
}

function notConnected(): VaultError {
  return new VaultError("storage_unavailable", "Redis is not connected.", { details: { reason: "DISCONNECTED" } });
}

/** A server that cannot be used is none, to those who only want to cache. */
function asUnavailable(error: unknown): VaultError {
  const { code, details } = translateError(error);
  return new VaultError("storage_unavailable", "Redis is connected, but cannot be used.", {
    details: { ...details, reason: code },
  });
}

function ignore(): void {}
