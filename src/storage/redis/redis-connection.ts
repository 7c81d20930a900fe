import type { CallOptions } from "../call-options.ts";
import type { RedisScript } from "./redis-script.ts";

/** Numbers are sent as decimal text. */
export type RedisArgument = string | number;

export interface RedisCallOptions extends CallOptions {
  /** The deadline of this command instead of the connection's. */
  readonly timeoutMs?: number | undefined;
}

export interface RedisScriptCall {
  /** In a cluster all of one slot. */
  readonly keys: readonly string[];
  readonly values: readonly RedisArgument[];
}

/**
 * Sends commands to Redis. Replies are texts, whole numbers, `null` and arrays of them.
 *
 * Never waits for a connection: while there is none, calls reject with `storage_unavailable` at once. Rejects with
 * `storage_timeout` after the deadline, and with `aborted` and `closed`. What a command did that was given up is
 * unknown. Errors carry neither arguments nor the URL.
 */
export interface RedisNode {
  send<Reply>(name: string, values: readonly RedisArgument[], options?: RedisCallOptions): Promise<Reply>;
}

/** One connection to a server, or one to each node of a cluster, for all stores of the process. */
export interface RedisConnection extends RedisNode, AsyncDisposable {
  /** What every key and channel of the vault begins with. */
  readonly keyPrefix: string;
  readonly isCluster: boolean;
  /** The deadline of a command that brings none. */
  readonly commandTimeoutMs: number;
  /** Runs a script as one step. It is sent whole when the server does not know it yet. */
  run<Reply>(script: RedisScript, call: RedisScriptCall, options?: RedisCallOptions): Promise<Reply>;
  /** The nodes that hold keys, each for commands that concern it alone, such as SCAN. */
  primaries(): readonly RedisNode[];
  /**
   * Calls `prepare` whenever the server that is reached is another one than before, or was restarted: what it holds may
   * be older than what it held. Nobody else's commands are sent until all of them have ended. Not told in a cluster.
   *
   * @returns ends it
   */
  onServerChange(prepare: (node: RedisNode) => Promise<void>): () => void;
  /** A connection of its own that receives what is published. Closing it is the caller's business. */
  subscriber(): RedisSubscriber;
}

export interface RedisSubscription {
  /** In the order in which the server had them. */
  onMessage(channel: string, message: string): void;
  /** Messages may have been lost: the connection ended, or the server has just subscribed. */
  onInterrupted(): void;
}

export interface RedisSubscriber extends AsyncDisposable {
  /** Subscribes once there is a connection, and again after each interruption. To be called once. */
  listen(channels: readonly string[], subscription: RedisSubscription): void;
}
