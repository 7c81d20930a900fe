import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { WormCapabilities, WormDatabase, WormDescriptor, WormStore } from "../worm-store.ts";
import { databaseRecovery } from "./database-recovery.ts";
import { ResilientWormStore, wormOperations } from "./resilient-worm-store.ts";
import { TierGuard, type TierGuardOptions } from "./tier-guard.ts";

/**
 * Logs behind a guard: while their engine is out of order every call rejects with `storage_unavailable` at once, and so
 * it does for as long as there are too many calls. Reads, and appends whose place is given, are repeated when the
 * engine could not be reached.
 */
export class ResilientWormDatabase implements WormDatabase {
  readonly guard: TierGuard;
  readonly #inner: WormDatabase;
  readonly #operations: ReturnType<typeof wormOperations>;

  constructor(inner: WormDatabase, options: TierGuardOptions) {
    this.#inner = inner;
    this.guard = new TierGuard(options, { recovery: databaseRecovery(inner, options) });
    this.#operations = wormOperations(this.guard);
  }

  get capabilities(): WormCapabilities {
    return this.#inner.capabilities;
  }

  prepare(kinds: readonly WormDescriptor<unknown>[]): Promise<void> {
    const call = { operation: this.#operations.prepare, subject: {}, signal: undefined };
    return this.guard.run(call, () => this.#inner.prepare(kinds));
  }

  log<T>(descriptor: WormDescriptor<T>, tenantId: TenantId, log: string): WormStore<T> {
    const inner = this.#inner.log(descriptor, tenantId, log);
    const subject = { tenantId, collection: descriptor.name };
    return new ResilientWormStore(inner, { guard: this.guard, operations: this.#operations, subject });
  }

  /** Of the engine itself, also while it is not called for anything else. */
  async ping(options?: CallOptions): Promise<void> {
    await this.#inner.ping(options);
    await this.guard.breaker.tryNow();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.guard.dispose();
    await this.#inner[Symbol.asyncDispose]();
  }
}

export function resilientWormDatabase(inner: WormDatabase, options: TierGuardOptions): ResilientWormDatabase {
  return new ResilientWormDatabase(inner, options);
}
