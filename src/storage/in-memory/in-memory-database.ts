import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import { abortedError, throwIfAborted, untilAborted } from "../until-aborted.ts";
import { EveryScope, InMemoryScope, type InMemoryTables, type SharedState } from "./in-memory-tables.ts";

/**
 * The in-process engine's tables. Rows are frozen values keyed by text, so handing one out is handing out
 * a copy. Every tenant has tables of its own; the platform's tables are one more set.
 */
export class InMemoryDatabase {
  readonly #scopes = new Map<string, InMemoryScope>();
  readonly #everybody: EveryScope;
  #sequence = 0n;
  #closed = false;
  readonly #shared: SharedState = {
    nextSequence: () => ++this.#sequence,
    isClosed: () => this.#closed,
    tenant: (tenantId) => this.#scope(tenantId),
    everyTenant: () => this.#tenantIds().map((tenantId) => this.#scope(tenantId)),
    tenantIds: () => this.#tenantIds(),
  };

  constructor() {
    this.#everybody = new EveryScope(this.#shared);
  }

  forTenant(tenantId: TenantId): InMemorySession {
    return new InMemorySession(this.#scope(tenantId), undefined);
  }

  platform(): InMemorySession {
    return new InMemorySession(this.#scope(PLATFORM), undefined);
  }

  /** The platform as one that reaches the tables of every tenant: its units wait for theirs, and theirs for its. */
  everybody(): InMemorySession {
    return new InMemorySession(this.#everybody, undefined);
  }

  close(): void {
    this.#closed = true;
  }

  #tenantIds(): TenantId[] {
    return [...this.#scopes.keys()].filter((name): name is TenantId => name !== PLATFORM);
  }

  #scope(name: string): InMemoryScope {
    let scope = this.#scopes.get(name);
    if (!scope) {
      scope = new InMemoryScope(this.#shared);
      this.#scopes.set(name, scope);
      if (name !== PLATFORM) this.#everybody.join(scope);
    }
    return scope;
  }
}

const PLATFORM = "platform";

/** Where a transaction stands; statements of it are run while there is nothing to refuse them with. */
interface TransactionState {
  refusal: VaultError | undefined;
}

/**
 * Serialises units of work of one tenant. Work is synchronous, so a unit is atomic; a throw undoes what it
 * wrote. A transaction holds the tenant's queue until its callback settles, or until it is given up.
 *
 * A signal that fires rejects the call with `aborted`. A unit that waits is not run then, and a transaction is undone
 * and refuses whatever its callback goes on with.
 */
export class InMemorySession {
  readonly #scope: InMemoryScope;
  /** Set inside a transaction, whose statements run at once instead of queueing behind it. */
  readonly #transaction: TransactionState | undefined;

  constructor(scope: InMemoryScope, transaction: TransactionState | undefined) {
    this.#scope = scope;
    this.#transaction = transaction;
  }

  /** Runs `work` as one atomic unit. */
  run<T>(work: (tables: InMemoryTables) => T, options?: CallOptions): Promise<T> {
    const signal = options?.signal;
    const unit = (): T => {
      throwIfAborted(signal);
      return this.#atomically(work);
    };
    if (this.#transaction)
      return untilAborted(
        signal,
        () => Promise.resolve().then(unit),
        () => this.doom(abortedError()),
      );
    return untilAborted(signal, () => this.#scope.enqueue(unit));
  }

  transaction<T>(work: (transaction: InMemorySession) => Promise<T>, options?: CallOptions): Promise<T> {
    const signal = options?.signal;
    if (this.#transaction)
      return untilAborted(
        signal,
        () => work(this),
        () => this.doom(abortedError()),
      );
    return untilAborted(signal, () => this.#scope.enqueue(() => this.#transact(work, signal)));
  }

  async #transact<T>(work: (transaction: InMemorySession) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    throwIfAborted(signal);
    const steps: (() => void)[] = [];
    const transaction: TransactionState = { refusal: undefined };
    this.#scope.writeUndoTo(steps);
    try {
      const result = await untilAborted(signal, () => work(new InMemorySession(this.#scope, transaction)));
      if (transaction.refusal) throw wentOnError(transaction.refusal);
      return result;
    } catch (error) {
      rollBack(steps, 0);
      throw error;
    } finally {
      transaction.refusal ??= signal?.aborted ? abortedError() : endedError();
      this.#scope.writeUndoTo(undefined);
    }
  }

  /** From now on the transaction comes to nothing, as after a failed statement of a database: what follows is refused. */
  doom(reason: VaultError): void {
    if (this.#transaction) this.#transaction.refusal ??= reason;
  }

  #atomically<T>(work: (tables: InMemoryTables) => T): T {
    if (this.#scope.shared.isClosed()) throw new VaultError("closed", "The vault was closed.");
    if (this.#transaction?.refusal) throw this.#transaction.refusal;
    const outer = this.#scope.undo;
    const steps = outer ?? [];
    const start = steps.length;
    this.#scope.writeUndoTo(steps);
    try {
      return work(this.#scope);
    } catch (error) {
      rollBack(steps, start);
      throw error;
    } finally {
      this.#scope.writeUndoTo(outer);
    }
  }
}

function endedError(): VaultError {
  return new VaultError("internal_error", "The transaction has ended.");
}

function wentOnError(cause: VaultError): VaultError {
  return new VaultError("internal_error", "A transaction went on after a statement of it had failed.", { cause });
}

function rollBack(steps: (() => void)[], start: number): void {
  for (let index = steps.length - 1; index >= start; index--) steps[index]?.();
  steps.length = start;
}
