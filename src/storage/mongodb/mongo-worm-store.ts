import { VaultError } from "../../errors.ts";
import { isUuid, type TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import { throwIfAborted } from "../until-aborted.ts";
import { requireKindNames, requireLogName } from "../worm/worm-input.ts";
import { WormLog } from "../worm/worm-log.ts";
import type { WormCapabilities, WormDatabase, WormDescriptor, WormStore } from "../worm-store.ts";
import type { MongoConnection } from "./connection.ts";
import { MongoWormRows } from "./mongo-worm-rows.ts";
import { canChangeRecords, prepareRecords } from "./prepare-worm-records.ts";

/**
 * Logs in one collection, `worm_records`. The server cannot be told to refuse changes, only its user can be kept from
 * making them: `capabilities` says whether this connection's user is. The connection stays open when this is disposed of.
 */
export class MongoWormDatabase implements WormDatabase {
  readonly capabilities: WormCapabilities;
  readonly #connection: MongoConnection;
  readonly #turns = new Map<string, Promise<unknown>>();
  #isClosed = false;

  private constructor(connection: MongoConnection, enforcedByEngine: boolean) {
    this.#connection = connection;
    this.capabilities = { enforcedByEngine, atomicBatches: connection.features.transactions };
  }

  /** Asks the server what the connection's user may do. Rejects like every call. */
  static async open(connection: MongoConnection, options: CallOptions = {}): Promise<MongoWormDatabase> {
    return new MongoWormDatabase(connection, !(await canChangeRecords(connection, options)));
  }

  async prepare(kinds: readonly WormDescriptor<unknown>[]): Promise<void> {
    this.#requireOpen();
    requireKindNames(kinds);
    await prepareRecords(this.#connection);
  }

  log<T>(descriptor: WormDescriptor<T>, tenantId: TenantId, log: string): WormStore<T> {
    requireKindNames([descriptor]);
    requireLogName(log);
    if (!isUuid(tenantId)) throw new VaultError("invalid_request", "A tenant id is a UUID.");
    const key = `${tenantId}/${descriptor.name}/${log}`;
    const inTurn = <R>(work: () => Promise<R>): Promise<R> => this.#inTurn(key, work);
    const rows = new MongoWormRows(this.#connection, { tenantId, kind: descriptor.name, log, inTurn });
    const { atomicBatches } = this.capabilities;
    return new WormLog({ descriptor, log, rows, atomicBatches, requireOpen: () => this.#requireOpen() });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    this.#requireOpen();
    await this.#connection.ping(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
  }

  /** The server has no lock for writers to queue up at, but those of one process can queue up here. */
  #inTurn<R>(key: string, work: () => Promise<R>): Promise<R> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work);
    const ended = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(key, ended);
    void ended.then(() => {
      if (this.#turns.get(key) === ended) this.#turns.delete(key);
    });
    return turn;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new VaultError("closed", "The logs were closed.");
  }
}
