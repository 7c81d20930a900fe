import type { TenantId } from "../../identifiers.ts";

/** What a unit of work works on. */
export interface InMemoryTables {
  table<Row extends object>(name: string): InMemoryTable<Row>;
  /** Strictly increasing over the whole database, like an identity column. */
  nextSequence(): bigint;
  /** Runs `step` when the unit of work is rolled back, for what is kept outside the tables. */
  onUndo(step: () => void): void;
  /** Another tenant's tables, as they are at the moment. Only a session of everybody may write to them. */
  tenant(tenantId: TenantId): InMemoryTables;
  everyTenant(): readonly InMemoryTables[];
  /** Of the tenants in `everyTenant`, in any order. */
  tenantIds(): readonly TenantId[];
}

/** What the scopes of one database have in common. */
export interface SharedState {
  readonly nextSequence: () => bigint;
  readonly isClosed: () => boolean;
  readonly tenant: (tenantId: TenantId) => InMemoryScope;
  readonly everyTenant: () => readonly InMemoryScope[];
  readonly tenantIds: () => readonly TenantId[];
}

/** The tables of one tenant, or of the platform, and the queue of those who work on them. */
export class InMemoryScope implements InMemoryTables {
  readonly tables = new Map<string, InMemoryTable<object>>();
  readonly shared: SharedState;
  /** The tail of the queue of transactions: the next one starts when it settles. */
  #tail: Promise<unknown> = Promise.resolve();
  /** The log a transaction writes its undo steps to; shared by all tables of the scope. */
  undo: (() => void)[] | undefined;

  constructor(shared: SharedState) {
    this.shared = shared;
  }

  enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Takes a place in the queue for work that is done elsewhere. */
  hold(): Hold {
    const turn = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = turn.then(() => promise);
    return { turn, release: resolve };
  }

  /** From now on what is written can be undone with `steps`. */
  writeUndoTo(steps: (() => void)[] | undefined): void {
    this.undo = steps;
  }

  onUndo(step: () => void): void {
    this.undo?.push(step);
  }

  nextSequence(): bigint {
    return this.shared.nextSequence();
  }

  tenant(tenantId: TenantId): InMemoryTables {
    return this.shared.tenant(tenantId);
  }

  everyTenant(): readonly InMemoryTables[] {
    return this.shared.everyTenant();
  }

  tenantIds(): readonly TenantId[] {
    return this.shared.tenantIds();
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

interface Hold {
  readonly turn: Promise<unknown>;
  readonly release: () => void;
}

/** All tenants at once: work has its turn when it is its turn with every one of them. */
export class EveryScope extends InMemoryScope {
  /** While work is done: whose queues wait for it. */
  #held: { readonly scope: InMemoryScope; readonly hold: Hold }[] | undefined;

  override async enqueue<T>(work: () => T | Promise<T>): Promise<T> {
    // All places are taken in one go, so of two that do this one is before the other everywhere.
    const held = [this, ...this.shared.everyTenant()].map((scope: InMemoryScope) => ({ scope, hold: scope.hold() }));
    await Promise.all(held.map(({ hold }) => hold.turn));
    this.#held = held;
    try {
      return await work();
    } finally {
      this.#held = undefined;
      for (const { hold } of held) hold.release();
    }
  }

  override writeUndoTo(steps: (() => void)[] | undefined): void {
    for (const { scope } of this.#held ?? []) scope.undo = steps;
  }

  /** A tenant that comes up while work is done takes part in it. */
  join(scope: InMemoryScope): void {
    this.#held?.push({ scope, hold: scope.hold() });
    scope.undo = this.undo;
  }
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
