import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import { throwIfAborted, untilAborted } from "../until-aborted.ts";
import { requireKindNames, requireLogName } from "../worm/worm-input.ts";
import { WormLog } from "../worm/worm-log.ts";
import type { WormCapabilities, WormDatabase, WormDescriptor, WormStore } from "../worm-store.ts";
import { PostgresWormRows } from "./postgres-worm-rows.ts";
import type { SqlDatabase } from "./sql-database.ts";

/**
 * Logs in the table `worm_records`, whose triggers refuse to change or remove a record to everyone. The database is
 * migrated before, and stays open when this is disposed of.
 */
export class PostgresWormDatabase implements WormDatabase {
  readonly capabilities: WormCapabilities = { enforcedByEngine: true, atomicBatches: true };
  readonly #database: SqlDatabase;
  #isClosed = false;

  constructor(database: SqlDatabase) {
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
    const rows = new PostgresWormRows(session, { tenantId, kind: descriptor.name, log });
    return new WormLog({ descriptor, log, rows, atomicBatches: true, requireOpen: () => this.#requireOpen() });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    this.#requireOpen();
    await untilAborted(options.signal, () => this.#database.ping());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new VaultError("closed", "The logs were closed.");
  }
}
