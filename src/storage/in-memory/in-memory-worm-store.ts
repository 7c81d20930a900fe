import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import { throwIfAborted, untilAborted } from "../until-aborted.ts";
import { requireKindNames, requireLogName } from "../worm-input.ts";
import { WormLog } from "../worm-log.ts";
import type { SealedRow, WormEnd, WormRead, WormRow, WormRowRange, WormRows } from "../worm-rows.ts";
import type { WormCapabilities, WormDatabase, WormDescriptor, WormStore } from "../worm-store.ts";
import type { InMemoryDatabase, InMemorySession, InMemoryTables } from "./in-memory-database.ts";
import { IN_MEMORY_LOGS, InMemoryLogRows } from "./in-memory-log-rows.ts";

/** Logs in the tables of an in-process database, which stays open when this is disposed of. */
export class InMemoryWormDatabase implements WormDatabase {
  readonly capabilities: WormCapabilities = { enforcedByEngine: true, atomicBatches: true };
  readonly #database: InMemoryDatabase;
  readonly #life = { isClosed: false };

  constructor(database: InMemoryDatabase) {
    this.#database = database;
  }

  async prepare(kinds: readonly WormDescriptor<never>[]): Promise<void> {
    requireOpen(this.#life);
    requireKindNames(kinds);
  }

  log<T>(descriptor: WormDescriptor<T>, tenantId: TenantId, log: string): WormStore<T> {
    requireKindNames([descriptor]);
    requireLogName(log);
    const session = this.#database.forTenant(tenantId);
    const rows = new InMemoryWormRows(session, { key: `${descriptor.name}/${log}`, life: this.#life });
    return new WormLog({ descriptor, log, rows, atomicBatches: true });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    requireOpen(this.#life);
    await this.#database.platform().run(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.isClosed = true;
  }
}

interface LogPlace {
  readonly key: string;
  readonly life: { readonly isClosed: boolean };
}

class InMemoryWormRows implements WormRows {
  readonly #session: InMemorySession;
  readonly #place: LogPlace;

  constructor(session: InMemorySession, place: LogPlace) {
    this.#session = session;
    this.#place = place;
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
    return untilAborted(options.signal, () =>
      this.#session.transaction((session) => work(new InMemoryWormRows(session, this.#place))),
    );
  }

  #run<R>(options: CallOptions, work: (log: InMemoryLogRows, tables: InMemoryTables) => R): Promise<R> {
    return untilAborted(options.signal, () =>
      this.#session.run((tables) => {
        requireOpen(this.#place.life);
        return work(this.#logIn(tables), tables);
      }),
    );
  }

  #logIn(tables: InMemoryTables): InMemoryLogRows {
    const table = tables.table<InMemoryLogRows>(IN_MEMORY_LOGS);
    const log = table.get(this.#place.key) ?? new InMemoryLogRows();
    if (!table.get(this.#place.key)) table.put(this.#place.key, log);
    return log;
  }
}

function requireOpen(life: { readonly isClosed: boolean }): void {
  if (life.isClosed) throw new VaultError("closed", "The logs were closed.");
}

/** Typed arrays cannot be frozen, so nobody outside gets the ones that are kept. */
function copyOf<Row extends WormRow>(row: Row): Row {
  return Object.freeze({ ...row, bytes: row.bytes.slice() });
}
