import { VaultError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { type CacheKeyspace, NONCE_LENGTH } from "./cache-keyspace.ts";
import type { RedisConnection, RedisNode } from "./redis-connection.ts";

/** What an attempt comes to, and the generation that the server had then: `null` when it has none. */
export type Attempt<T> = readonly [result: T, generation: string | null];

/**
 * How long another process's change may stay unseen in a cluster, where commands cannot check the generation
 * themselves.
 */
const CLUSTER_KNOWN_MS = 250;
const ATTEMPTS_MAX = 4;

/**
 * The generation of the cache, as this process knows it: an epoch, which all names of entries carry, and whatever makes
 * it another one when all leases are to be outdated.
 *
 * On a single server every command brings the generation along and learns when it is another one. In a cluster it is
 * read again when what is known is older than a quarter of a second.
 */
export class CacheGeneration {
  readonly #connection: RedisConnection;
  readonly #keyspace: CacheKeyspace;
  readonly #newNonce: () => string;
  #known: string | undefined;
  #learntMs = 0;
  #reading: Promise<string> | undefined;

  constructor(connection: RedisConnection, keyspace: CacheKeyspace, newNonce: () => string) {
    this.#connection = connection;
    this.#keyspace = keyspace;
    this.#newNonce = newNonce;
  }

  /** Does the work for the generation that is known, and again when that turns out to be no longer so. */
  async attempt<T>(work: (generation: string) => Promise<Attempt<T>>, options?: CallOptions): Promise<T> {
    for (let round = 0; round < ATTEMPTS_MAX; round++) {
      const generation = this.#fresh() ?? (await this.#read(options));
      const [result, seen] = await work(generation);
      if (seen === generation) return result;
      this.#learn(seen);
      if (seen !== null && epochOf(seen) === epochOf(generation)) return result;
    }
    throw new VaultError("storage_unavailable", "The cache is emptied again and again.", {
      details: { reason: "GENERATION" },
    });
  }

  /** Begins a new epoch: entries and leases of all others are void from now on. */
  async renew(node: RedisNode, options?: CallOptions): Promise<void> {
    const generation = this.#newNonce();
    await node.send("set", [this.#keyspace.generation, generation], options);
    this.#learn(generation);
  }

  /** What the server has at this moment. */
  read(options?: CallOptions): Promise<string> {
    return this.#read(options);
  }

  #fresh(): string | undefined {
    if (this.#connection.isCluster && performance.now() - this.#learntMs > CLUSTER_KNOWN_MS) return undefined;
    return this.#known;
  }

  /** One reading for all who wait; who gives up leaves the others waiting, so the reading takes no signal. */
  async #read({ signal }: CallOptions = {}): Promise<string> {
    this.#reading ??= this.#readOrCreate().finally(() => {
      this.#reading = undefined;
    });
    const generation = await this.#reading;
    if (signal?.aborted) throw new VaultError("aborted", "The caller gave up.");
    return generation;
  }

  async #readOrCreate(): Promise<string> {
    const name = this.#keyspace.generation;
    const askedMs = performance.now();
    let generation = await this.#connection.send<string | null>("get", [name]);
    if (generation === null) {
      await this.#connection.send("set", [name, this.#newNonce(), "NX"]);
      generation = await this.#connection.send<string | null>("get", [name]);
    }
    this.#learn(generation, askedMs);
    if (generation !== null) return generation;
    throw new VaultError("storage_unavailable", "Redis does not keep what it is given.", {
      details: { reason: "EVICTED" },
    });
  }

  #learn(generation: string | null, atMs = performance.now()): void {
    this.#known = generation ?? undefined;
    this.#learntMs = atMs;
  }
}

export function epochOf(generation: string): string {
  return generation.slice(0, NONCE_LENGTH);
}
