import { VaultError } from "../../errors.ts";
import type { TenantId } from "../../identifiers.ts";
import type { CallOptions } from "../call-options.ts";
import type { Filter } from "../filter.ts";
import type { Page } from "../page.ts";
import { addedRecord, wholeChange } from "../records/owned-record.ts";
import { recordExists, recordNotFound, versionMismatch } from "../records/record-errors.ts";
import {
  checkFilter,
  checkPagedQuery,
  checkQuery,
  pagedResult,
  recordPage,
  requireAddable,
} from "../records/record-query.ts";
import type { RecordProperty, RecordShape } from "../records/record-shape.ts";
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
import { type RecordStatements, recordStatements } from "./record-statements.ts";
import { ConstraintViolation, type SqlRow, type SqlSession, type SqlStatement } from "./sql-database.ts";

/** The records of one table. Every method is one statement, but for `stream`, which is one for each page. */
export class PostgresRepository<T extends Entity> implements Repository<T> {
  readonly #session: SqlSession;
  readonly #tenantId: TenantId | undefined;
  readonly #shape: RecordShape<T>;
  readonly #statements: RecordStatements<T>;
  readonly #whose: readonly TenantId[];

  /** @param tenantId whose records; those of all tenants when it is left out */
  constructor(session: SqlSession, descriptor: RepositoryDescriptor<T>, tenantId?: TenantId) {
    this.#session = session;
    this.#tenantId = tenantId;
    this.#statements = recordStatements(descriptor, tenantId === undefined ? "all" : "tenant");
    this.#shape = this.#statements.shape;
    this.#whose = tenantId === undefined ? [] : [tenantId];
  }

  async get(id: string, options?: CallOptions): Promise<T | undefined> {
    if (!this.#shape.isId(id)) return undefined;
    const [row] = await this.#run(this.#statements.get, [...this.#whose, id], options);
    return row && this.#statements.decode(row);
  }

  async query(query: RecordQuery = {}): Promise<Page<T>> {
    const checked = checkQuery(this.#shape, query);
    const bound = this.#statements.find({ ...checked, limit: checked.limit + 1 }, this.#tenantId);
    const rows = await this.#run(bound.statement, bound.values, query);
    return recordPage(this.#shape, { query, checked, records: rows.map((row) => this.#statements.decode(row)) });
  }

  stream(query: Omit<RecordQuery, "cursor"> = {}): AsyncIterable<T> {
    return streamPages((cursor) => this.query({ ...query, cursor }), {
      idOf: ({ id }) => id,
      mayMeetAgain: query.orderBy !== undefined,
    });
  }

  async getPaged(query: PagedQuery): Promise<PagedResult<T>> {
    const bound = this.#statements.page(checkPagedQuery(this.#shape, query), this.#tenantId);
    const rows = await this.#run(bound.statement, bound.values, query);
    const items = rows.filter((row) => row["version"] !== null).map((row) => this.#statements.decode(row));
    return pagedResult(items, rows[0]?.["?total"] as number, query);
  }

  async add(entity: Omit<T, "version">, options?: CallOptions): Promise<T> {
    const record = addedRecord(this.#shape, entity, this.#tenantId);
    const values = this.#statements.addValues(record, this.#tenantId);
    await this.#run(this.#statements.add, values, options);
    return record;
  }

  async addMany(entities: readonly Omit<T, "version">[], options?: CallOptions): Promise<readonly T[]> {
    requireAddable(entities);
    const records = entities.map((entity) => addedRecord(this.#shape, entity, this.#tenantId));
    const values = this.#statements.addManyValues(records, this.#tenantId);
    await this.#run(this.#statements.addMany, values, options);
    return records;
  }

  async update(entity: Omit<T, "version">, options: VersionedCallOptions = {}): Promise<T> {
    const { id, change } = wholeChange(this.#shape, entity, this.#tenantId);
    return this.#change(id, change, options);
  }

  async patch(id: string, change: Partial<Omit<T, "id" | "version">>, options: VersionedCallOptions = {}): Promise<T> {
    const changed = this.#shape.change(change);
    if (!this.#shape.isId(id)) throw recordNotFound();
    return this.#change(id, changed, options);
  }

  async remove(id: string, options: VersionedCallOptions = {}): Promise<boolean> {
    if (!this.#shape.isId(id)) return false;
    const { expectedVersion } = options;
    const values = [...this.#whose, id, expectedVersion ?? null];
    const [row] = await this.#run(this.#statements.remove, values, options);
    if (row?.["done"] === true) return true;
    if (row?.["found"] === true && expectedVersion !== undefined) throw versionMismatch(expectedVersion);
    return false;
  }

  async exists(id: string, options?: CallOptions): Promise<boolean> {
    if (!this.#shape.isId(id)) return false;
    const [row] = await this.#run(this.#statements.exists, [...this.#whose, id], options);
    return row?.["exists"] === true;
  }

  async count(filter?: Filter, options?: CallOptions): Promise<number> {
    if (filter) checkFilter(this.#shape, filter);
    const bound = this.#statements.count(filter, this.#tenantId);
    const [row] = await this.#run(bound.statement, bound.values, options);
    return row?.["count"] as number;
  }

  async #change(id: string, change: ReadonlyMap<RecordProperty, unknown>, options: VersionedCallOptions): Promise<T> {
    const { expectedVersion } = options;
    const bound = this.#statements.update({ id, change, expectedVersion }, this.#tenantId);
    const [row] = await this.#run(bound.statement, bound.values, options);
    if (row && row["version"] !== null) return this.#statements.decode(row);
    if (row?.["?found"] === true && expectedVersion !== undefined) throw versionMismatch(expectedVersion);
    throw recordNotFound();
  }

  async #run(statement: SqlStatement, values: readonly unknown[], options: CallOptions | undefined) {
    try {
      return await this.#session.query<SqlRow>(statement, values, options);
    } catch (error) {
      throw error instanceof ConstraintViolation ? this.#refusal(error) : error;
    }
  }

  #refusal(violation: ConstraintViolation): VaultError {
    const { constraint, rule } = violation;
    if (rule === "unique") {
      return recordExists(constraint === `${this.#shape.descriptor.name}_pkey` ? "id" : constraint);
    }
    return new VaultError("invalid_value", "The table does not take such a record.", {
      details: { rule: constraint },
      cause: violation,
    });
  }
}
