import type { Cluster, Redis } from "ioredis";
import type { RedisSubscriber, RedisSubscription } from "./redis-connection.ts";

/** A client in subscriber mode. It connects by itself and subscribes again after each interruption. */
export class IoredisSubscriber implements RedisSubscriber {
  readonly #client: Redis | Cluster;

  constructor(client: Redis | Cluster) {
    this.#client = client;
  }

  listen(channels: readonly string[], { onMessage, onInterrupted }: RedisSubscription): void {
    const client = this.#client;
    client.on("message", onMessage);
    client.on("close", onInterrupted);
    // Told after the server has subscribed: whatever is sent from then on is heard.
    client.on("ready", () => void client.subscribe(...channels).then(onInterrupted, ignore));
    client.connect().catch(ignore);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.removeAllListeners("message");
    this.#client.removeAllListeners("close");
    this.#client.disconnect();
  }
}

/** Failures show in that nothing is received, which whoever listens notices. */
function ignore(): void {}
