import { isVaultError } from "../errors.ts";
import type { TenantId } from "../identifiers.ts";
import type { CallOptions } from "../storage/call-options.ts";
import type { RedisArgument, RedisConnection } from "../storage/redis/redis-connection.ts";
import type { RedisScript } from "../storage/redis/redis-script.ts";
import type { SessionEvents } from "../telemetry/session-events.ts";
import { RedisSessionKeys } from "./redis-session-keys.ts";
import type { SessionRules } from "./session.ts";

/** How long the two tiers keep a session after it was written to them; the hot one not longer than the other. */
export interface SessionTierLives {
  readonly hotMs: number;
  readonly persistMs: number;
  /** Deadline of one command. */
  readonly commandTimeoutMs: number;
}

export interface RedisSessionStoreOptions {
  readonly connection: RedisConnection;
  readonly tenantId: TenantId;
  readonly rules: SessionRules;
  readonly lives: SessionTierLives;
  readonly events: SessionEvents;
}

const EXPECTED = new Set(["version_mismatch", "invalid_cursor", "aborted", "closed"]);

/** Commands about the sessions of one tenant, each with the deadline for sessions. */
export class RedisSessionCommands {
  readonly keys: RedisSessionKeys;
  readonly #options: RedisSessionStoreOptions;

  constructor(options: RedisSessionStoreOptions) {
    this.#options = options;
    this.keys = new RedisSessionKeys(options.connection.keyPrefix, options.tenantId);
  }

  /** In milliseconds since 1970. */
  expiryMs(): number {
    const { clock, maxAgeMs } = this.#options.rules;
    return Date.parse(clock.now()) - maxAgeMs;
  }

  send<Reply>(name: string, values: readonly RedisArgument[], options: CallOptions | undefined): Promise<Reply> {
    const { connection, lives } = this.#options;
    return connection.send<Reply>(name, values, { signal: options?.signal, timeoutMs: lives.commandTimeoutMs });
  }

  /** The script gets the base of the keys and the expiry before its own values. */
  run<Reply>(
    script: RedisScript,
    call: { readonly keys: readonly string[]; readonly values: readonly RedisArgument[] },
    options: CallOptions | undefined,
  ): Promise<Reply> {
    const { connection, lives } = this.#options;
    const values = [this.keys.base, this.expiryMs(), ...call.values];
    const withDeadline = { signal: options?.signal, timeoutMs: lives.commandTimeoutMs };
    return connection.run<Reply>(script, { keys: call.keys, values }, withDeadline);
  }

  /** Tells of failures of the server; that others were faster, or a cursor is wrong, is none. */
  async observed<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const code = isVaultError(error) ? error.code : "internal_error";
      const { events, tenantId } = this.#options;
      if (!EXPECTED.has(code)) events.sessionTierFailed({ tenantId, operation, code });
      throw error;
    }
  }
}
