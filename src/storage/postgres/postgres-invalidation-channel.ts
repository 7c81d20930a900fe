import { createHash } from "node:crypto";
import pg from "pg";
import { VaultError } from "../../errors.ts";
import { HeartbeatChannel, type HeartbeatChannelOptions } from "../cache/heartbeat-channel.ts";
import type { InvalidationChannel } from "../cache/invalidation-channel.ts";
import type { MessageReceiver, MessageTransport } from "../cache/message-transport.ts";
import { translateError } from "./translate-error.ts";

export interface PostgresInvalidationChannelOptions extends HeartbeatChannelOptions {
  /**
   * `postgres://user:password@host:port/database`, of the server itself: a pooler between would lose what is notified.
   */
  readonly url: string;
  /** Tells the vaults of one database apart. */
  readonly schema: string;
  readonly connectTimeoutMs?: number | undefined;
}

/** A channel over LISTEN and NOTIFY, on one connection of its own. It connects by itself, now and after an outage. */
export function postgresInvalidationChannel(options: PostgresInvalidationChannelOptions): InvalidationChannel {
  return new HeartbeatChannel(new PostgresMessageTransport(options), options);
}

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
/** Of a notification, which the server answers in much less than a millisecond. */
const SEND_MS = 1_000;

class PostgresMessageTransport implements MessageTransport {
  /** The server takes less than 8,000. */
  readonly messageBytesMax = 7_900;
  readonly #options: PostgresInvalidationChannelOptions;
  readonly #prefix: string;
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS_MIN;
  #isClosed = false;
  #sent: Promise<void> = Promise.resolve();
  #topics = new Map<string, string>();
  #receiver: MessageReceiver | undefined;

  constructor(options: PostgresInvalidationChannelOptions) {
    this.#options = options;
    this.#prefix = prefixOf(options.schema);
  }

  receive(topics: readonly string[], receiver: MessageReceiver): void {
    this.#topics = new Map(topics.map((topic) => [this.#channelOf(topic), topic]));
    this.#receiver = receiver;
    void this.#connect();
  }

  /** One after the other: a connection runs one statement at a time. */
  async send(topic: string, message: string): Promise<void> {
    const sent = this.#sent.then(() => this.#notify(topic, message));
    this.#sent = sent.catch(ignore);
    await sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#client?.end().catch(ignore);
  }

  async #notify(topic: string, message: string): Promise<void> {
    const client = this.#client;
    if (!client) throw new VaultError("storage_unavailable", "The notification channel is not connected.");
    try {
      await client.query({ ...NOTIFY, values: [this.#channelOf(topic), message] });
    } catch (error) {
      // A server that does not answer so small a question is not there any more, whatever the socket says.
      client.connection.stream.destroy();
      throw translateError(error);
    }
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: this.#channelOf("notifications"),
      connectionTimeoutMillis: this.#options.connectTimeoutMs ?? 5_000,
      query_timeout: SEND_MS,
      keepAlive: true,
    });
    client.on("notification", ({ channel, payload }) => {
      const topic = this.#topics.get(channel);
      if (topic !== undefined) this.#receiver?.onMessage(topic, payload ?? "");
    });
    client.on("error", ignore);
    client.on("end", () => this.#ended(client));
    try {
      await client.connect();
      for (const channel of this.#topics.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      if (this.#isClosed) return void client.end().catch(ignore);
      this.#client = client;
      this.#retryMs = RETRY_MS_MIN;
      this.#receiver?.onInterrupted();
    } catch {
      // Ends the connection, or what there was of it; then it is tried again.
      client.end().catch(ignore);
      this.#tryAgain();
    }
  }

  #ended(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#receiver?.onInterrupted();
    this.#tryAgain();
  }

  #tryAgain(): void {
    if (this.#isClosed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), this.#retryMs).unref();
    this.#retryMs = Math.min(RETRY_MS_MAX, 2 * this.#retryMs);
  }

  #channelOf(topic: string): string {
    return `${this.#prefix}.${topic}`;
  }
}

/** The server takes names of 63 bytes, of which a topic needs up to 45. */
function prefixOf(schema: string): string {
  if (schema.length <= 16) return schema;
  return `${schema.slice(0, 5)}_${createHash("sha256").update(schema).digest("hex").slice(0, 10)}`;
}

const NOTIFY = { name: "notify", text: "select pg_notify($1, $2)" };

function ignore(): void {}
