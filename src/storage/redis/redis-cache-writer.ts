import type { CacheLease, CacheSetOutcome } from "../cache-store.ts";
import type { CallOptions } from "../call-options.ts";
import { encodeEntry } from "./cache-format.ts";
import { type Attempt, epochOf } from "./cache-generation.ts";
import { decodeLease, type RedisCacheLease } from "./cache-lease.ts";
import { INDEX_ENTRY, SET_ENTRY } from "./cache-scripts.ts";
import type { RedisCacheParts } from "./redis-cache-reader.ts";

export interface CacheEntryWrite {
  readonly key: string;
  readonly json: string;
  /** Milliseconds; `undefined` for ever. */
  readonly lifeMs: number | undefined;
  readonly tags: readonly string[];
  readonly lease: CacheLease | undefined;
}

/** Stores entries: with their lease checked and their tags indexed in one step, on a single server. */
export class RedisCacheWriter {
  readonly #parts: RedisCacheParts;

  constructor(parts: RedisCacheParts) {
    this.#parts = parts;
  }

  set(write: CacheEntryWrite, options?: CallOptions): Promise<CacheSetOutcome> {
    const { connection, generation, nowMs } = this.#parts;
    const lease = write.lease === undefined ? undefined : decodeLease(write.lease, nowMs());
    if (write.lease !== undefined && lease === undefined) return Promise.resolve("refused");
    return generation.attempt(
      (known) =>
        connection.isCluster
          ? this.#setInCluster({ write, lease, known }, options)
          : this.#setOnServer({ write, lease, known }, options),
      options,
    );
  }

  async #setOnServer(
    { write, lease, known }: { write: CacheEntryWrite; lease: RedisCacheLease | undefined; known: string },
    options?: CallOptions,
  ): Promise<Attempt<CacheSetOutcome>> {
    const { connection, keyspace } = this.#parts;
    const epoch = epochOf(known);
    const covered = lease?.tags ?? [];
    const [outcome, seen] = await connection.run<[CacheSetOutcome, string | null]>(
      SET_ENTRY,
      {
        keys: [
          keyspace.entry(epoch, write.key),
          keyspace.nonce(epoch, write.key),
          keyspace.generation,
          ...covered.map((tag) => keyspace.tagNonce(epoch, tag)),
          ...write.tags.map((tag) => keyspace.tagIndex(epoch, tag)),
        ],
        values: [...this.#values(write, lease, epoch), ...(lease?.tagNonces ?? [])],
      },
      options,
    );
    return [outcome, seen];
  }

  /**
   * The indexes of tags, and what a lease says of tags and the generation, are on other nodes: the index comes first,
   * so that an entry that is there is found by its tags, and what the lease covers is compared before.
   */
  async #setInCluster(
    { write, lease, known }: { write: CacheEntryWrite; lease: RedisCacheLease | undefined; known: string },
    options?: CallOptions,
  ): Promise<Attempt<CacheSetOutcome>> {
    const { connection, keyspace } = this.#parts;
    const epoch = epochOf(known);
    if (lease && (lease.generation !== known || (await this.#isTagOutdated(lease, epoch, options)))) {
      return ["refused", known];
    }
    await Promise.all(
      write.tags.map((tag) => {
        const call = { keys: [keyspace.tagIndex(epoch, tag)], values: [write.key, write.lifeMs ?? ""] };
        return connection.run(INDEX_ENTRY, call, options);
      }),
    );
    const [outcome] = await connection.run<[CacheSetOutcome]>(
      SET_ENTRY,
      {
        keys: [keyspace.entry(epoch, write.key), keyspace.nonce(epoch, write.key)],
        values: this.#values(write, lease, epoch),
      },
      options,
    );
    return [outcome, known];
  }

  async #isTagOutdated(lease: RedisCacheLease, epoch: string, options?: CallOptions): Promise<boolean> {
    const { connection, keyspace } = this.#parts;
    const nonces = await Promise.all(
      lease.tags.map((tag) => connection.send<string | null>("get", [keyspace.tagNonce(epoch, tag)], options)),
    );
    return nonces.some((nonce, index) => (nonce ?? "") !== lease.tagNonces[index]);
  }

  #values(write: CacheEntryWrite, lease: RedisCacheLease | undefined, epoch: string): (string | number)[] {
    const entry = encodeEntry(write.json, write.tags);
    return [epoch, entry, write.lifeMs ?? "", lease?.generation ?? "", lease?.nonce ?? "", write.key];
  }
}
