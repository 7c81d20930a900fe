import { HeartbeatChannel, type HeartbeatChannelOptions } from "../cache/heartbeat-channel.ts";
import type { InvalidationChannel } from "../cache/invalidation-channel.ts";
import type { MessageReceiver, MessageTransport } from "../cache/message-transport.ts";
import type { RedisConnection, RedisSubscriber } from "./redis-connection.ts";

/** A channel over publish/subscribe: publishes with the shared connection, and listens with one of its own. */
export function redisInvalidationChannel(
  connection: RedisConnection,
  options: HeartbeatChannelOptions,
): InvalidationChannel {
  return new HeartbeatChannel(new RedisMessageTransport(connection), options);
}

class RedisMessageTransport implements MessageTransport {
  readonly messageBytesMax = 64 * 1024;
  readonly #connection: RedisConnection;
  readonly #subscriber: RedisSubscriber;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
    this.#subscriber = connection.subscriber();
  }

  receive(topics: readonly string[], receiver: MessageReceiver): void {
    const names = new Map(topics.map((topic) => [this.#nameOf(topic), topic]));
    this.#subscriber.listen([...names.keys()], {
      onMessage: (name, message) => receiver.onMessage(names.get(name) ?? name, message),
      onInterrupted: () => receiver.onInterrupted(),
    });
  }

  async send(topic: string, message: string): Promise<void> {
    await this.#connection.send("publish", [this.#nameOf(topic), message]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscriber[Symbol.asyncDispose]();
  }

  #nameOf(topic: string): string {
    return `${this.#connection.keyPrefix}${topic}`;
  }
}
