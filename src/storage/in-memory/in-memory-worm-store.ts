import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import { requireKindNames, requireLogName } from "../worm/worm-input.ts";
import { WormLog } from "../worm/worm-log.ts";
import type { SealedRow, WormEnd, WormRead, WormRow, WormRowRange, WormRows } from "../worm/worm-rows.ts";
import type { WormCapabilities, WormDatabase, WormDescriptor, WormStore } from "../worm-store.ts";
import type { InMemoryDatabase, InMemorySession } from "./in-memory-database.ts";
import { IN_MEMORY_LOGS, InMemoryLogRows } from "./in-memory-log-rows.ts";
import type { InMemoryTables } from "./in-memory-tables.ts";

/** Logs in the tables of an in-process database, which stays open when this is disposed of. */
export class InMemoryWormDatabase implements WormDatabase {
  readonly capabilities: WormCapabilities = { enforcedByEngine: true, atomicBatches: true };
  readonly #database: InMemoryDatabase;
  #isClosed = false;

  constructor(database: InMemoryDatabase) {
    this.#database = database;
  }

  async prepare(kinds: readonly WormDescriptor<unknown>[]): Promise<void> {
    this.#requireOpen();
    requireKindNames(kinds);
  }

  log<T>(descriptor: WormDescriptor<T>, tenantId: TenantId, log: string): WormStore<T> {
    requireKindNames([descriptor]);
    requireLogName(log);
    const session = this.#database.forTenant(tenantId);
    const rows = new InMemoryWormRows(session, `${descriptor.name}/${log}`);
    return new WormLog({ descriptor, log, rows, atomicBatches: true, requireOpen: () => this.#requireOpen() });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    await this.#database.platform().run(() => this.#requireOpen(), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new VaultError("closed", "The logs were closed.");
  }
}

class InMemoryWormRows implements WormRows {
  readonly #session: InMemorySession;
  /** Of the log in its table. */
  readonly #key: string;

  constructor(session: InMemorySession, key: string) {
    this.#session = session;
    this.#key = key;
  }

  end(options: CallOptions): Promise<WormEnd | undefined> {
    return this.#run(options, (log) => log.end());
  }

  read(request: WormRead, options: CallOptions): Promise<readonly WormRow[]> {
    return this.#run(options, (log) => log.read(request).map(copyOf));
  }

  query(filter: Filter, range: WormRowRange, options: CallOptions): Promise<readonly WormRow[]> {
    return this.#run(options, (log) => log.query(filter, range).map(copyOf));
  }

  count(filter: Filter | undefined, options: CallOptions): Promise<bigint> {
    return this.#run(options, (log) => log.count(filter));
  }

  exists(sequence: bigint, options: CallOptions): Promise<boolean> {
    return this.#run(options, (log) => log.read({ from: sequence, to: sequence, limit: 1 }).length > 0);
  }

  insert(rows: readonly SealedRow[], end: WormEnd | undefined, options: CallOptions): Promise<boolean> {
    return this.#run(options, (log, tables) => {
      const found = log.end();
      if (found?.sequence !== end?.sequence || found?.hash !== end?.hash) return false;
      const copies = rows.map(copyOf);
      log.change((kept) => kept.push(...copies));
      tables.onUndo(() => log.change((kept) => kept.splice(-copies.length)));
      return true;
    });
  }

  apart<T>(work: (rows: WormRows) => Promise<T | undefined>, options: CallOptions): Promise<T | undefined> {
    return this.#session.transaction((session) => work(new InMemoryWormRows(session, this.#key)), options);
  }

  #run<R>(options: CallOptions, work: (log: InMemoryLogRows, tables: InMemoryTables) => R): Promise<R> {
    return this.#session.run((tables) => work(this.#logIn(tables), tables), options);
  }

  #logIn(tables: InMemoryTables): InMemoryLogRows {
    const table = tables.table<InMemoryLogRows>(IN_MEMORY_LOGS);
    const log = table.get(this.#key) ?? new InMemoryLogRows();
    if (!table.get(this.#key)) table.put(this.#key, log);
    return log;
  }
}

/** Typed arrays cannot be frozen, so nobody outside gets the ones that are kept. */
function copyOf<Row extends WormRow>(row: Row): Row {
  return Object.freeze({ ...row, bytes: row.bytes.slice() });
}
