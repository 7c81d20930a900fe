import type { Cluster, Redis } from "ioredis";
import type { RedisSubscriber, RedisSubscription } from "./redis-connection.ts";

/** A client in subscriber mode. It connects by itself and subscribes again after each interruption. */
export class IoredisSubscriber implements RedisSubscriber {
  readonly #client: Redis | Cluster;
  #signs: NodeJS.Timeout | undefined;

  constructor(client: Redis | Cluster) {
    this.#client = client;
  }

  listen(channels: readonly string[], subscription: RedisSubscription): void {
    const client = this.#client;
    const interrupted = (): void => subscription.onInterrupted();
    client.on("message", (channel: string, message: string) => subscription.onMessage(channel, message));
    client.on("close", interrupted);
    // Told after the server has subscribed: whatever is sent from then on is heard.
    client.on("ready", () => void client.subscribe(...channels).then(interrupted, ignore));
    client.connect().catch(ignore);
    // A connection whose other end is gone without a word shows by an answer that does not come, and is then dropped.
    this.#signs = setInterval(() => void client.ping().catch(ignore), SIGN_OF_LIFE_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#signs);
    this.#client.removeAllListeners("message");
    this.#client.removeAllListeners("close");
    this.#client.disconnect();
  }
}

const SIGN_OF_LIFE_MS = 5_000;

/** Failures show in that nothing is received, which whoever listens notices. */
function ignore(): void {}
