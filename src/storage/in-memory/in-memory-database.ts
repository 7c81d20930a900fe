import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import { abortedError, throwIfAborted, untilAborted } from "../until-aborted.ts";

/**
 * The in-process engine's tables. Rows are frozen values keyed by text, so handing one out is handing out
 * a copy. Every tenant has tables of its own; the platform's tables are one more set.
 */
export class InMemoryDatabase {
  readonly #scopes = new Map<string, InMemoryScope>();
  #sequence = 0n;
  #closed = false;

  forTenant(tenantId: TenantId): InMemorySession {
    return new InMemorySession(this.#scope(tenantId), undefined);
  }

  platform(): InMemorySession {
    return new InMemorySession(this.#scope("platform"), undefined);
  }

  close(): void {
    this.#closed = true;
  }

  #scope(name: string): InMemoryScope {
    let scope = this.#scopes.get(name);
    if (!scope) {
      scope = new InMemoryScope(
        () => ++this.#sequence,
        () => this.#closed,
      );
      this.#scopes.set(name, scope);
    }
    return scope;
  }
}

class InMemoryScope {
  readonly tables = new Map<string, InMemoryTable<object>>();
  readonly nextSequence: () => bigint;
  readonly isClosed: () => boolean;
  /** The tail of the queue of transactions: the next one starts when it settles. */
  tail: Promise<unknown> = Promise.resolve();

  constructor(nextSequence: () => bigint, isClosed: () => boolean) {
    this.nextSequence = nextSequence;
    this.isClosed = isClosed;
  }

  /** The log a transaction writes its undo steps to; shared by all tables of the scope. */
  undo: (() => void)[] | undefined;

  onUndo(step: () => void): void {
    this.undo?.push(step);
  }

  table<Row extends object>(name: string): InMemoryTable<Row> {
    let table = this.tables.get(name);
    if (!table) {
      table = new InMemoryTable<object>((step) => this.undo?.push(step));
      this.tables.set(name, table);
    }
    return table as unknown as InMemoryTable<Row>;
  }
}

export interface InMemoryTables {
  table<Row extends object>(name: string): InMemoryTable<Row>;
  /** Strictly increasing over the whole database, like an identity column. */
  nextSequence(): bigint;
  /** Runs `step` when the unit of work is rolled back, for what is kept outside the tables. */
  onUndo(step: () => void): void;
}

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
    if (this.#transaction) return untilAborted(signal, () => Promise.resolve().then(unit), this.#doom);
    return untilAborted(signal, () => this.#enqueue(unit));
  }

  transaction<T>(work: (transaction: InMemorySession) => Promise<T>, options?: CallOptions): Promise<T> {
    const signal = options?.signal;
    if (this.#transaction) return untilAborted(signal, () => work(this), this.#doom);
    return untilAborted(signal, () => this.#enqueue(() => this.#transact(work, signal)));
  }

  async #transact<T>(work: (transaction: InMemorySession) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    throwIfAborted(signal);
    const steps: (() => void)[] = [];
    const transaction: TransactionState = { refusal: undefined };
    this.#scope.undo = steps;
    try {
      const result = await untilAborted(signal, () => work(new InMemorySession(this.#scope, transaction)));
      if (transaction.refusal) throw wentOnError(transaction.refusal);
      return result;
    } catch (error) {
      rollBack(steps, 0);
      throw error;
    } finally {
      transaction.refusal ??= signal?.aborted ? abortedError() : endedError();
      this.#scope.undo = undefined;
    }
  }

  readonly #doom = (): void => {
    if (this.#transaction) this.#transaction.refusal ??= abortedError();
  };

  #atomically<T>(work: (tables: InMemoryTables) => T): T {
    if (this.#scope.isClosed()) throw new VaultError("closed", "The vault was closed.");
    if (this.#transaction?.refusal) throw this.#transaction.refusal;
    const outer = this.#scope.undo;
    const steps = outer ?? [];
    const start = steps.length;
    this.#scope.undo = steps;
    try {
      return work(this.#scope);
    } catch (error) {
      rollBack(steps, start);
      throw error;
    } finally {
      this.#scope.undo = outer;
    }
  }

  #enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#scope.tail.then(work);
    this.#scope.tail = result.catch(() => undefined);
    return result;
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

/** Rows by key in insertion order. Rows are deep-frozen on the way in. */
export class InMemoryTable<Row extends object> {
  readonly #rows = new Map<string, Row>();
  readonly #recordUndo: (step: () => void) => void;

  constructor(recordUndo: (step: () => void) => void) {
    this.#recordUndo = recordUndo;
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  /** Creates or replaces. */
  put(key: string, row: Row): void {
    const previous = this.#rows.get(key);
    this.#rows.set(key, deepFreeze(row));
    this.#recordUndo(() => {
      if (previous === undefined) this.#rows.delete(key);
      else this.#rows.set(key, previous);
    });
  }

  /** Returns whether the row existed. */
  delete(key: string): boolean {
    const previous = this.#rows.get(key);
    if (previous === undefined) return false;
    this.#rows.delete(key);
    this.#recordUndo(() => this.#rows.set(key, previous));
    return true;
  }

  /** In insertion order; a row that is replaced keeps its place. */
  values(): IterableIterator<Row> {
    return this.#rows.values();
  }

  find(matches: (row: Row) => boolean): Row | undefined {
    for (const row of this.#rows.values()) if (matches(row)) return row;
    return undefined;
  }

  filter(matches: (row: Row) => boolean): Row[] {
    return [...this.#rows.values()].filter(matches);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
