import type { Instant } from "../clock.ts";
import type { TenantId } from "../identifiers.ts";
import type { JsonValue } from "../json.ts";
import { isolateByTenantOrPlatform, type Migration, tenantOrPlatform } from "../migrations/migration.ts";
import { Migrator } from "../migrations/migrator.ts";
import { InMemoryDatabase } from "../storage/in-memory/in-memory-database.ts";
import { InMemoryRecordScope } from "../storage/in-memory/in-memory-record-scope.ts";
import { PostgresRecordScope } from "../storage/postgres/postgres-record-scope.ts";
import { APPLICATION_ROLE } from "../storage/postgres/sql-database.ts";
import type { Entity, RecordScope, Repository, RepositoryDescriptor } from "../storage/repository.ts";
import { seededIds } from "./seeded-ids.ts";
import type { SqlEngine, SqlEngineOptions } from "./sql-engines.ts";

/** A record with a property of each type. */
export interface Widget extends Entity {
  readonly name: string;
  readonly kind: string;
  readonly slot: string | null;
  readonly amount: bigint | null;
  readonly count: number;
  readonly ratio: number | null;
  readonly isOpen: boolean;
  readonly at: Instant | null;
  readonly ref: string | null;
  readonly digest: string | null;
  readonly data: JsonValue;
  readonly extra: JsonValue;
}

export const WIDGETS: RepositoryDescriptor<Widget> = {
  name: "widgets",
  idType: "uuid",
  tenantColumn: "tenant_id",
  columns: [
    { property: "name", column: "name", type: "text" },
    { property: "kind", column: "kind", type: "text" },
    { property: "slot", column: "slot", type: "text", nullable: true },
    { property: "amount", column: "amount", type: "bigint", nullable: true },
    { property: "count", column: "item_count", type: "integer" },
    { property: "ratio", column: "ratio", type: "double", nullable: true },
    { property: "isOpen", column: "is_open", type: "boolean" },
    { property: "at", column: "happened_at", type: "instant", nullable: true },
    { property: "ref", column: "ref", type: "uuid", nullable: true },
    { property: "digest", column: "digest", type: "hex", nullable: true },
    { property: "data", column: "data", type: "json", nullable: true },
    { property: "extra", column: "extra", type: "json" },
  ],
  unique: [
    { name: "widgets_name_key", properties: ["name"], within: "all" },
    { name: "widgets_slot_key", properties: ["kind", "slot"], within: "tenant" },
  ],
};

/** A record with an id of its own choice, nothing unique, and its tenant among its properties. */
export interface Label extends Entity {
  readonly tenantId: TenantId;
  readonly text: string;
}

export const LABELS: RepositoryDescriptor<Label> = {
  name: "labels",
  idType: "text",
  tenantColumn: "tenant_id",
  columns: [
    { property: "tenantId", column: "tenant_id", type: "uuid" },
    { property: "text", column: "label", type: "text" },
  ],
  unique: [],
};

/** A record that is the tenant itself. */
export interface House extends Entity {
  readonly street: string;
  /** There is one at most. */
  readonly isMain: boolean;
}

export const HOUSES: RepositoryDescriptor<House> = {
  name: "houses",
  idType: "uuid",
  tenantColumn: "id",
  columns: [
    { property: "street", column: "street", type: "text" },
    { property: "isMain", column: "is_main", type: "boolean" },
  ],
  unique: [
    { name: "houses_street_key", properties: ["street"], within: "all" },
    { name: "houses_one_main", properties: ["isMain"], within: "all", when: { isMain: true } },
  ],
};

/** The tables of these records. */
export const recordsMigration: Migration = {
  version: 1,
  name: "records of the test",
  up: `
    create table widgets (
      tenant_id uuid not null,
      id uuid not null,
      version bigint not null,
      name text not null,
      kind text not null,
      slot text,
      amount bigint,
      item_count integer not null,
      ratio double precision,
      is_open boolean not null,
      happened_at timestamptz(3),
      ref uuid,
      digest bytea,
      data jsonb,
      extra jsonb not null,
      constraint widgets_pkey primary key (tenant_id, id),
      constraint widgets_count_check check (item_count <> -13)
    );
    create unique index widgets_name_key on widgets (name collate "C");
    create unique index widgets_slot_key on widgets (tenant_id, kind collate "C", slot collate "C");
    ${isolateByTenantOrPlatform("widgets")}
    create table labels (
      tenant_id uuid not null,
      id text collate "C" not null,
      version bigint not null,
      label text not null,
      constraint labels_pkey primary key (tenant_id, id)
    );
    ${isolateByTenantOrPlatform("labels")}
    create table houses (
      id uuid not null,
      version bigint not null,
      street text not null,
      is_main boolean not null,
      constraint houses_pkey primary key (id)
    );
    create unique index houses_street_key on houses (street collate "C");
    create unique index houses_one_main on houses (is_main) where is_main;
    alter table houses enable row level security;
    alter table houses force row level security;
    create policy tenant_or_platform on houses
      using (${tenantOrPlatform("id")}) with check (${tenantOrPlatform("id")});
    grant select, insert, update, delete on houses to ${APPLICATION_ROLE};
  `,
  down: "drop table houses; drop table labels; drop table widgets",
};

/** A database with tables for `WIDGETS`, `LABELS` and `HOUSES`. */
export interface RecordStorage extends AsyncDisposable {
  forTenant(tenantId: TenantId): RecordScope;
  platform(): RecordScope;
}

/** A tenant of its own for each test. */
export interface RecordTenant {
  readonly tenantId: TenantId;
  readonly scope: RecordScope;
  readonly widgets: Repository<Widget>;
}

/** What the parts of the contract work on. */
export interface RepositorySuite {
  readonly storage: RecordStorage;
  newTenant(): RecordTenant;
}

export async function openSqlRecords(engine: SqlEngine, options?: SqlEngineOptions): Promise<RecordStorage> {
  const opened = await engine.open(options);
  const { database, schema } = opened;
  await new Migrator({ database, schema, migrations: [recordsMigration] }).up();
  return {
    forTenant: (tenantId) => new PostgresRecordScope(database.forTenant(tenantId), tenantId),
    platform: () => new PostgresRecordScope(database.platform()),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

export function openInMemoryRecords(): Promise<RecordStorage> {
  const database = new InMemoryDatabase();
  return Promise.resolve({
    forTenant: (tenantId) => new InMemoryRecordScope(database.forTenant(tenantId), tenantId),
    platform: () => new InMemoryRecordScope(database.everybody()),
    [Symbol.asyncDispose]: async () => database.close(),
  });
}

const ids = seededIds(20_261_121);
let names = 0;

export function newTenantId(): TenantId {
  return ids.uuid<TenantId>();
}

export type NewWidget = Omit<Widget, "version">;

/** A widget with an id and a name of its own. */
export function newWidget(over: Partial<NewWidget> = {}): NewWidget {
  return {
    id: ids.uuid(),
    name: `widget ${++names}`,
    kind: "plain",
    slot: null,
    amount: null,
    count: 0,
    ratio: null,
    isOpen: false,
    at: null,
    ref: null,
    digest: null,
    data: null,
    extra: {},
    ...over,
  };
}
