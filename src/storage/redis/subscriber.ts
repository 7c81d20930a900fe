import type { Cluster, Redis } from "ioredis";
import type { RedisSubscriber } from "./redis-connection.ts";

/** A client in subscriber mode; the driver connects and subscribes again by itself. */
export class IoredisSubscriber implements RedisSubscriber {
  readonly #client: Redis | Cluster;
  readonly #listeners = new Map<string, (message: string) => void>();

  constructor(client: Redis | Cluster) {
    this.#client = client;
    client.on("message", (channel: string, message: string) => this.#listeners.get(channel)?.(message));
    client.on("ready", () => this.#subscribe());
    client.connect().catch(ignore);
  }

  listen(channel: string, onMessage: (message: string) => void): void {
    this.#listeners.set(channel, onMessage);
    if (this.#client.status === "ready") this.#subscribe();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#client.disconnect();
  }

  /** Subscribing to a channel again changes nothing, so every connection may ask for all of them. */
  #subscribe(): void {
    if (this.#listeners.size > 0) this.#client.subscribe(...this.#listeners.keys()).catch(ignore);
  }
}

/** Failures show in that nothing is received, which whoever listens notices. */
function ignore(): void {}
