import type { Glob } from "../cache/glob.ts";
import type { CallOptions } from "../call-options.ts";
import { throwIfAborted } from "../until-aborted.ts";
import { type Attempt, epochOf } from "./cache-generation.ts";
import { NONCE_MS } from "./cache-lease.ts";
import { REMOVE_ENTRIES, RENEW_NONCE } from "./cache-scripts.ts";
import type { RedisCacheParts } from "./redis-cache-reader.ts";
import type { RedisCallOptions, RedisNode } from "./redis-connection.ts";

/** The deadline of one step of a removal that takes many, unless that of a command is longer. */
const STEP_MS = 1_000;
/** Names that a step asks for. */
const STEP_NAMES = 500;

type ScanReply = readonly [cursor: string, names: readonly string[]];

/** Removes entries: some in one step, many in steps between which others are served. */
export class RedisCacheRemover {
  readonly #parts: RedisCacheParts;

  constructor(parts: RedisCacheParts) {
    this.#parts = parts;
  }

  remove(keys: readonly string[], options?: CallOptions): Promise<number> {
    return this.#parts.generation.attempt((known) => this.#removeKeys(keys, { known, tag: "" }, options), options);
  }

  /** Outdates all leases first, so that nothing loaded before comes back, then removes what is found key by key. */
  removeByPattern(glob: Glob, options?: CallOptions): Promise<number> {
    const { connection, keyspace, generation, newNonce } = this.#parts;
    return generation.attempt(async (known): Promise<Attempt<number>> => {
      const epoch = epochOf(known);
      const call = { keys: [keyspace.generation], values: [epoch, newNonce(), NONCE_MS] };
      const [status, seen] = await connection.run<[number, string | null]>(RENEW_NONCE, call, options);
      if (status < 0) return [0, seen];
      const pattern = keyspace.patternOf(epoch, glob);
      const count = await this.#sweep(
        pattern,
        async (names) => names.filter((name) => glob.matches(keyspace.keyOf(epoch, name))),
        options,
      );
      return [count, seen];
    }, options);
  }

  removeByTag(tag: string, options?: CallOptions): Promise<number> {
    const { connection, keyspace, generation, newNonce } = this.#parts;
    return generation.attempt(async (known): Promise<Attempt<number>> => {
      const epoch = epochOf(known);
      const name = keyspace.tagNonce(epoch, tag);
      if (connection.isCluster) await connection.send("set", [name, newNonce(), "PX", NONCE_MS], options);
      else {
        const call = { keys: [keyspace.generation, name], values: [epoch, newNonce(), NONCE_MS] };
        const [status, seen] = await connection.run<[number, string | null]>(RENEW_NONCE, call, options);
        if (status < 0) return [0, seen];
      }
      return this.#removeTagged(tag, known, options);
    }, options);
  }

  /** Removes what is left of all epochs but the one that the server has. */
  async sweepOldEpochs(options: CallOptions): Promise<void> {
    const { keyspace, generation } = this.#parts;
    await this.#sweep(
      keyspace.patternOfAll,
      async (names) => {
        // Asked after the names were read, so that none of them is of an epoch that began later.
        const current = epochOf(await generation.read(options));
        return names.filter((name) => keyspace.epochOf(name) !== current);
      },
      options,
    );
  }

  async #removeTagged(tag: string, known: string, options?: CallOptions): Promise<Attempt<number>> {
    const { connection, keyspace } = this.#parts;
    const index = keyspace.tagIndex(epochOf(known), tag);
    let count = 0;
    let cursor = "0";
    do {
      throwIfAborted(options?.signal);
      const [next, members] = await connection.send<ScanReply>(
        "zscan",
        [index, cursor, "COUNT", STEP_NAMES],
        this.#step(options),
      );
      const keys = members.filter((_, position) => position % 2 === 0);
      for (let start = 0; start < keys.length; start += STEP_NAMES) {
        const batch = keys.slice(start, start + STEP_NAMES);
        const [removed, seen] = await this.#removeKeys(batch, { known, tag }, this.#step(options));
        if (removed < 0) return [count, seen];
        count += removed;
      }
      cursor = next;
    } while (cursor !== "0");
    return [count, known];
  }

  async #removeKeys(
    keys: readonly string[],
    { known, tag }: { known: string; tag: string },
    options?: RedisCallOptions,
  ): Promise<Attempt<number>> {
    const { connection, keyspace, newNonce } = this.#parts;
    if (keys.length === 0) return [0, known];
    const epoch = epochOf(known);
    const names = keys.map((key) => [keyspace.entry(epoch, key), keyspace.nonce(epoch, key)]);
    const nonce = newNonce();
    if (connection.isCluster) {
      const values = [1, epoch, nonce, NONCE_MS, tag];
      const replies = await Promise.all(
        names.map((pair) => connection.run<[number, null]>(REMOVE_ENTRIES, { keys: pair, values }, options)),
      );
      return [replies.reduce((sum, [count]) => sum + count, 0), known];
    }
    const index = tag === "" ? [] : [keyspace.tagIndex(epoch, tag)];
    const call = {
      keys: [...names.flat(), keyspace.generation, ...index],
      values: [keys.length, epoch, nonce, NONCE_MS, tag, ...(tag === "" ? [] : keys)],
    };
    return connection.run<[number, string | null]>(REMOVE_ENTRIES, call, options);
  }

  /** Unlinks on every primary what the pattern finds and `choose` leaves, and counts it. */
  async #sweep(
    pattern: string,
    choose: (names: readonly string[]) => Promise<readonly string[]>,
    options?: CallOptions,
  ): Promise<number> {
    const counts = await Promise.all(
      this.#parts.connection.primaries().map((node) => this.#sweepNode(node, { pattern, choose }, options)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async #sweepNode(
    node: RedisNode,
    { pattern, choose }: { pattern: string; choose: (names: readonly string[]) => Promise<readonly string[]> },
    options?: CallOptions,
  ): Promise<number> {
    let count = 0;
    let cursor = "0";
    do {
      throwIfAborted(options?.signal);
      const scan = [cursor, "MATCH", pattern, "COUNT", STEP_NAMES];
      const [next, names] = await node.send<ScanReply>("scan", scan, this.#step(options));
      const chosen = names.length === 0 ? [] : await choose(names);
      if (chosen.length > 0) count += await this.#unlink(node, chosen, options);
      cursor = next;
    } while (cursor !== "0");
    return count;
  }

  async #unlink(node: RedisNode, names: readonly string[], options?: CallOptions): Promise<number> {
    if (!this.#parts.connection.isCluster) return node.send<number>("unlink", names, this.#step(options));
    const counts = await Promise.all(names.map((name) => node.send<number>("unlink", [name], this.#step(options))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #step(options: CallOptions | undefined): RedisCallOptions {
    return { signal: options?.signal, timeoutMs: Math.max(STEP_MS, this.#parts.connection.commandTimeoutMs) };
  }
}
