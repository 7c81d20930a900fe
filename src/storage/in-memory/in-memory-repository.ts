import { isVaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import { matches } from "../filters/evaluate-filter.ts";
import { compareSortKeys, sortKeysOf, sortPosition } from "../filters/sort-position.ts";
import type { Page } from "../page.ts";
import { addedRecord, wholeChange } from "../records/owned-record.ts";
import { recordNotFound, versionMismatch } from "../records/record-errors.ts";
import {
  type CheckedQuery,
  checkFilter,
  checkPagedQuery,
  checkQuery,
  orderOf,
  pagedResult,
  recordPage,
  requireAddable,
  valueOf,
} from "../records/record-query.ts";
import { type RecordProperty, type RecordShape, shapeOf } from "../records/record-shape.ts";
import { streamPages } from "../records/stream-pages.ts";
import type {
  Entity,
  PagedQuery,
  PagedResult,
  RecordQuery,
  Repository,
  RepositoryDescriptor,
  VersionedCallOptions,
} from "../repository.ts";
import type { InMemorySession } from "./in-memory-database.ts";
import type { InMemoryTables } from "./in-memory-tables.ts";
import { RecordTable } from "./record-table.ts";

/** The records of one kind, in tables of the tenants that they belong to. */
export class InMemoryRepository<T extends Entity> implements Repository<T> {
  readonly #session: InMemorySession;
  readonly #tenantId: TenantId | undefined;
  readonly #shape: RecordShape<T>;

  /**
   * @param session of the tenant, or of everybody when there is no `tenantId`
   * @param tenantId whose records; those of all tenants when it is left out
   */
  constructor(session: InMemorySession, descriptor: RepositoryDescriptor<T>, tenantId?: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
    this.#shape = shapeOf(descriptor);
  }

  get(id: string, options?: CallOptions): Promise<T | undefined> {
    return this.#session.run((tables) => this.#tableOf(tables, id)?.get(id), options);
  }

  async query(query: RecordQuery = {}): Promise<Page<T>> {
    const checked = checkQuery(this.#shape, query);
    const records = await this.#session.run((tables) => this.#found(tables, checked), query);
    return recordPage(this.#shape, { query, checked, records: records.slice(0, checked.limit + 1) });
  }

  stream(query: Omit<RecordQuery, "cursor"> = {}): AsyncIterable<T> {
    return streamPages((cursor) => this.query({ ...query, cursor }), {
      idOf: ({ id }) => id,
      mayMeetAgain: query.orderBy !== undefined,
    });
  }

  async getPaged(query: PagedQuery): Promise<PagedResult<T>> {
    const { offset, ...checked } = checkPagedQuery(this.#shape, query);
    const all = await this.#session.run((tables) => this.#found(tables, { ...checked, after: undefined }), query);
    return pagedResult(all.slice(offset, offset + checked.limit), all.length, query);
  }

  async add(entity: Omit<T, "version">, options?: CallOptions): Promise<T> {
    const record = addedRecord(this.#shape, entity, this.#tenantId);
    return this.#write((tables) => this.#ownTable(tables, record).insert(record), options);
  }

  async addMany(entities: readonly Omit<T, "version">[], options?: CallOptions): Promise<readonly T[]> {
    requireAddable(entities);
    const records = entities.map((entity) => addedRecord(this.#shape, entity, this.#tenantId));
    return this.#write((tables) => records.map((record) => this.#ownTable(tables, record).insert(record)), options);
  }

  async update(entity: Omit<T, "version">, options: VersionedCallOptions = {}): Promise<T> {
    const { id, change } = wholeChange(this.#shape, entity, this.#tenantId);
    return this.#change(id, change, options);
  }

  async patch(id: string, change: Partial<Omit<T, "id" | "version">>, options: VersionedCallOptions = {}): Promise<T> {
    return this.#change(id, this.#shape.change(change), options);
  }

  remove(id: string, options: VersionedCallOptions = {}): Promise<boolean> {
    return this.#write((tables) => {
      const table = this.#tableOf(tables, id);
      const record = table?.get(id);
      if (!table || !record) return false;
      requireVersion(record, options.expectedVersion);
      table.delete(record);
      return true;
    }, options);
  }

  exists(id: string, options?: CallOptions): Promise<boolean> {
    return this.#session.run((tables) => this.#tableOf(tables, id) !== undefined, options);
  }

  async count(filter?: Filter, options?: CallOptions): Promise<number> {
    if (filter) checkFilter(this.#shape, filter);
    return this.#session.run((tables) => this.#matching(tables, filter).length, options);
  }

  #change(
    id: string,
    change: ReadonlyMap<RecordProperty, unknown>,
    { expectedVersion, signal }: VersionedCallOptions,
  ): Promise<T> {
    const changed = [...change].filter(([property]) => property !== this.#shape.owner);
    const values = Object.fromEntries(changed.map(([{ name }, value]) => [name, value]));
    return this.#write(
      (tables) => {
        const table = this.#tableOf(tables, id);
        const record = table?.get(id);
        if (!table || !record) throw recordNotFound();
        requireVersion(record, expectedVersion);
        return table.replace(record, { ...record, ...values, version: record.version + 1 });
      },
      { signal },
    );
  }

  async #write<R>(work: (tables: InMemoryTables) => R, options: CallOptions | undefined): Promise<R> {
    try {
      return await this.#session.run(work, options);
    } catch (error) {
      // A database refuses everything that follows a statement that it has refused.
      if (isVaultError(error, "record_exists")) this.#session.doom(error);
      throw error;
    }
  }

  #ownTable(tables: InMemoryTables, record: T): RecordTable<T> {
    const { owner } = this.#shape;
    const isOwn = this.#tenantId !== undefined || !owner;
    return new RecordTable(isOwn ? tables : tables.tenant(valueOf(record, owner) as TenantId), this.#shape);
  }

  #tables(tables: InMemoryTables): RecordTable<T>[] {
    const reached = this.#tenantId === undefined ? tables.everyTenant() : [tables];
    return reached.map((own) => new RecordTable(own, this.#shape));
  }

  /** Where the record is; `undefined` when there is none. */
  #tableOf(tables: InMemoryTables, id: string): RecordTable<T> | undefined {
    return this.#tables(tables).find((table) => table.get(id) !== undefined);
  }

  #matching(tables: InMemoryTables, filter: Filter | undefined): T[] {
    const all = this.#tables(tables).flatMap((table) => [...table.values()]);
    return filter ? all.filter((record) => matches(filter, record)) : all;
  }

  /** In order; all that come after the given place. */
  #found(tables: InMemoryTables, { filter, sortKeys, after }: Omit<CheckedQuery, "limit">): T[] {
    const orderBy = orderOf(sortKeys);
    const compare = compareSortKeys(orderBy);
    const placed = this.#matching(tables, filter).map((record) => ({ record, keys: sortKeysOf(record, orderBy) }));
    const start = after && { positions: after.map(sortPosition), id: String(after.at(-1)) };
    const remaining = start ? placed.filter(({ keys }) => compare(keys, start) > 0) : placed;
    return remaining.sort((left, right) => compare(left.keys, right.keys)).map(({ record }) => record);
  }
}

function requireVersion(record: Entity, expectedVersion: number | undefined): void {
  if (expectedVersion !== undefined && record.version !== expectedVersion) throw versionMismatch(expectedVersion);
}
