import type { JsonValue } from "../../json.ts";
import type { CacheStatisticsRecorder } from "../cache/cache-statistics.ts";
import type { CacheLookup } from "../cache-store.ts";
import type { CallOptions } from "../call-options.ts";
import { decodeEntry } from "./cache-format.ts";
import { type Attempt, type CacheGeneration, epochOf } from "./cache-generation.ts";
import type { CacheKeyspace } from "./cache-keyspace.ts";
import { encodeLease } from "./cache-lease.ts";
import type { RedisConnection } from "./redis-connection.ts";

export interface RedisCacheParts {
  readonly connection: RedisConnection;
  readonly keyspace: CacheKeyspace;
  readonly generation: CacheGeneration;
  readonly statistics: CacheStatisticsRecorder;
  readonly nowMs: () => number;
  readonly newNonce: () => string;
}

type Replies = readonly (string | null)[];

/** Looks entries up: one round trip brings the values, and the nonces for the leases of those that are not there. */
export class RedisCacheReader {
  readonly #parts: RedisCacheParts;

  constructor(parts: RedisCacheParts) {
    this.#parts = parts;
  }

  look<T extends JsonValue>(key: string, tags: readonly string[], options?: CallOptions): Promise<CacheLookup<T>> {
    const { connection, keyspace, generation } = this.#parts;
    return generation.attempt(async (known): Promise<Attempt<CacheLookup<T>>> => {
      const epoch = epochOf(known);
      const names = [keyspace.entry(epoch, key), keyspace.nonce(epoch, key)];
      const tagNames = tags.map((tag) => keyspace.tagNonce(epoch, tag));
      if (connection.isCluster) {
        const [[entry, nonce], ...tagNonces] = await Promise.all([
          connection.send<Replies>("mget", names, options),
          ...tagNames.map((name) => connection.send<string | null>("get", [name], options)),
        ]);
        return [this.#lookup(entry, { generation: known, nonce, tags, tagNonces }), known];
      }
      const replies = await connection.send<Replies>("mget", [...names, keyspace.generation, ...tagNames], options);
      const [entry, nonce, seen = null, ...tagNonces] = replies;
      return [this.#lookup(entry, { generation: seen, nonce, tags, tagNonces }), seen];
    }, options);
  }

  lookMany<T extends JsonValue>(keys: readonly string[], options?: CallOptions): Promise<readonly CacheLookup<T>[]> {
    const { connection, keyspace, generation } = this.#parts;
    return generation.attempt(async (known): Promise<Attempt<readonly CacheLookup<T>[]>> => {
      const epoch = epochOf(known);
      const names = keys.map((key) => [keyspace.entry(epoch, key), keyspace.nonce(epoch, key)]);
      const replies = connection.isCluster
        ? [...(await Promise.all(names.map((pair) => connection.send<Replies>("mget", pair, options)))).flat(), known]
        : await connection.send<Replies>("mget", [...names.flat(), keyspace.generation], options);
      const seen = replies.at(-1) ?? null;
      const lookups = keys.map((_, index) =>
        this.#lookup<T>(replies[2 * index], {
          generation: seen,
          nonce: replies[2 * index + 1],
          tags: [],
          tagNonces: [],
        }),
      );
      return [lookups, seen];
    }, options);
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    const { connection, keyspace, generation } = this.#parts;
    return generation.attempt(async (known): Promise<Attempt<boolean>> => {
      const asked = connection.send<number>("exists", [keyspace.entry(epochOf(known), key)], options);
      if (connection.isCluster) return [(await asked) === 1, known];
      const [found, seen] = await Promise.all([
        asked,
        connection.send<string | null>("get", [keyspace.generation], options),
      ]);
      return [found === 1, seen];
    }, options);
  }

  /** What cannot be read is a miss: another program's value, or one of a version to come. */
  #lookup<T extends JsonValue>(
    entry: string | null | undefined,
    found: {
      generation: string | null;
      nonce: string | null | undefined;
      tags: readonly string[];
      tagNonces: readonly (string | null)[];
    },
  ): CacheLookup<T> {
    if (typeof entry === "string") {
      const decoded = decodeEntry(entry);
      if (decoded) return { hit: true, value: decoded.value as T };
      this.#parts.statistics.error();
    }
    const lease = encodeLease({
      generation: found.generation ?? "",
      issuedMs: this.#parts.nowMs(),
      nonce: found.nonce ?? "",
      tags: found.tags,
      tagNonces: found.tagNonces.map((nonce) => nonce ?? ""),
    });
    return { hit: false, lease, degraded: false };
  }
}
