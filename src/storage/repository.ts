import type { CallOptions } from "./call-options.ts";
import type { Filter, OrderKey } from "./filter.ts";
import type { Page } from "./page.ts";

/*
 * The warm tier of records with fixed columns. Every method rejects with `storage_unavailable`, `storage_timeout`,
 * `aborted` and `closed`; methods that take a filter or an order with `invalid_filter` too; methods that take values
 * with `invalid_value` for one that its column does not take.
 */

/** A record: immutable in the caller's hands, with the number of times it was written. */
export interface Entity {
  readonly id: string;
  /** 1 when it is added, 1 more with every update. */
  readonly version: number;
}

export type ColumnType = "uuid" | "text" | "integer" | "bigint" | "double" | "boolean" | "instant" | "json" | "hex";

export interface EntityColumn<T extends Entity> {
  readonly property: keyof T & string;
  /** Its name in the table. */
  readonly column: string;
  /**
   * `bigint` values are `bigint`s of 64 bits, `integer`s are numbers of 32, `instant`s are `Instant`s, `hex` is
   * lower-case text kept as bytes, `uuid`s are lower-case. Texts compare by code point: indexes of their columns have
   * the collation `C`.
   */
  readonly type: ColumnType;
  readonly nullable?: true | undefined;
}

/** How records of one kind are kept. Declared once, as a constant: engines compile it and keep what they compiled. */
export interface RepositoryDescriptor<T extends Entity> {
  /** The table's name, and the name of its lists. Its primary key is called `<name>_pkey`. */
  readonly name: string;
  /** All but `id` and `version`, whose columns are `id` (see `idType`) and `version`. */
  readonly columns: readonly EntityColumn<T>[];
  /** Texts are 1 to 256 characters. Ids are unique within a tenant; those of what the platform looks at, among all. */
  readonly idType: "uuid" | "text";
  /**
   * The column that says whose the record is; `id` when the record is the tenant itself. It may be the column of a
   * property too, which then has the tenant's id and never changes.
   */
  readonly tenantColumn: string;
  /** Sets of properties whose values no two records share, with the name of their constraint. `null` equals nothing. */
  readonly unique: readonly UniqueRule<T>[];
}

export interface UniqueRule<T extends Entity> {
  readonly name: string;
  readonly properties: readonly (keyof T & string)[];
  /** Among the records of one tenant, or of all. */
  readonly within: "tenant" | "all";
  /** Of these records only, as in a partial index: those with these values. */
  readonly when?: Partial<Readonly<Record<keyof T & string, boolean | string>>> | undefined;
}

export interface RecordQuery extends CallOptions {
  /**
   * Paths are the name of one property, `id` and `version` included. Every property exists. One of type `json` is
   * compared with `eq`, `ne`, `in`, `nin` and `exists` only, and has no order; there is no `elemMatch`. All records
   * when left out.
   */
  readonly filter?: Filter | undefined;
  /** By id, ascending, when left out. */
  readonly orderBy?: readonly OrderKey[] | undefined;
  /** 1 to 1,000; 100 when left out. */
  readonly limit?: number | undefined;
  /** From the page before; of the same query. */
  readonly cursor?: string | undefined;
}

export interface PagedQuery extends CallOptions {
  readonly filter?: Filter | undefined;
  readonly orderBy?: readonly OrderKey[] | undefined;
  /** From 1. */
  readonly page: number;
  /** 1 to 1,000. */
  readonly pageSize: number;
}

/** Counted and read in one snapshot. */
export interface PagedResult<T> {
  readonly items: readonly T[];
  readonly totalCount: number;
  readonly page: number;
  readonly pageSize: number;
  /** `ceil(totalCount / pageSize)`: 0 when there is nothing. */
  readonly totalPages: number;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export interface VersionedCallOptions extends CallOptions {
  /** The write happens to this version only. */
  readonly expectedVersion?: number | undefined;
}

/** The records of one kind that a scope sees. Records of other tenants do not exist for it. */
export interface Repository<T extends Entity> {
  get(id: string, options?: CallOptions): Promise<T | undefined>;
  /**
   * In the given order, then by id. Rejects with `invalid_cursor`, and with `invalid_request` for a limit outside its
   * limits.
   */
  query(query?: RecordQuery): Promise<Page<T>>;
  /**
   * Everything that matches, in pages of `limit`; what changes meanwhile may or may not be met. Never the same record
   * twice.
   */
  stream(query?: Omit<RecordQuery, "cursor">): AsyncIterable<T>;
  /** Exact. Rejects with `invalid_request` for a page or size outside its limits. */
  getPaged(query: PagedQuery): Promise<PagedResult<T>>;
  /**
   * Version 1 of it. Rejects with `record_exists`, whose details name the `rule`, when the id (rule `id`) or the
   * values of a unique rule are taken in any tenant that the rule reaches. The platform adds what says whose it is
   * (`unsupported`).
   */
  add(entity: Omit<T, "version">, options?: CallOptions): Promise<T>;
  /**
   * All or none; at most 1,000 (`limit_exceeded`). Rejects like `add`, also for two that clash among themselves.
   */
  addMany(entities: readonly Omit<T, "version">[], options?: CallOptions): Promise<readonly T[]>;
  /** Replaces it. Rejects with `record_not_found`, `version_mismatch` and `record_exists`. */
  update(entity: Omit<T, "version">, options?: VersionedCallOptions): Promise<T>;
  /** Replaces the given properties. `undefined` leaves one as it is. Rejects like `update`. */
  patch(id: string, change: Partial<Omit<T, "id" | "version">>, options?: VersionedCallOptions): Promise<T>;
  /** Whether there was one. Rejects with `version_mismatch`. */
  remove(id: string, options?: VersionedCallOptions): Promise<boolean>;
  exists(id: string, options?: CallOptions): Promise<boolean>;
  /** Exact. */
  count(filter?: Filter, options?: CallOptions): Promise<number>;
}

export interface TransactionOptions extends CallOptions {
  /**
   * `read-committed` when left out. A `serializable` one that the engine gives up because of another is run again, up
   * to 3 times more, and then rejects with `write_conflict`: its work must be fit for that. Within another one it has
   * the isolation of that (`unsupported` when that is less).
   */
  readonly isolation?: "read-committed" | "serializable" | undefined;
}

/** Where the repositories of one tenant come from, or of the platform, which sees the records of all. */
export interface RecordScope {
  repository<T extends Entity>(descriptor: RepositoryDescriptor<T>): Repository<T>;
  /**
   * All of what `work` does with the scope it gets is kept when it resolves, and none of it when it rejects. One
   * within another is a part of it. The scope is of no use once `work` has ended.
   *
   * A call of it that rejects with `record_exists`, or for a reason of the engine, dooms it: later calls are refused
   * for the same reason, and work that resolves nevertheless comes to nothing, with `internal_error`.
   */
  transaction<R>(work: (scope: RecordScope) => Promise<R>, options?: TransactionOptions): Promise<R>;
}
