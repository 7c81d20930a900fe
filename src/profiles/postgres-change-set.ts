import {
  AUDIT_INSERT_COLUMNS,
  AUDIT_RECORD_MEMBERS,
  auditRecordSet,
  auditRecords,
} from "../audit/postgres-audit-rows.ts";
import type { ConstraintViolation, SqlStatement } from "../storage/postgres/sql-database.ts";
import type { ChangeSet } from "./change-set.ts";
import type { ItemKind, ItemSource } from "./item.ts";
import {
  ASSET_INSERT_COLUMNS,
  assignments,
  CONSENT_COLUMNS,
  CUSTOMER_COLUMNS,
  columnNames,
  FIELD_INSERT_COLUMNS,
  IDENTITY_COLUMNS,
  LIFECYCLE_COLUMNS,
  recordMembers,
  recordRow,
  recordSet,
} from "./postgres-columns.ts";

import { searchTextOfField } from "./search-text.ts";

/*
 * A change set becomes one statement: a chain of data-modifying CTEs behind the compare-and-set on the customer.
 * Each depends on `bumped`, so when the version does not match nothing is written, and the customer row is
 * locked before any other. The text depends only on which parts are present, so there are few statements.
 */

const ID_COLUMN = { key: "id", column: "id", type: "uuid" } as const;
const CHANGED_COLUMNS = CUSTOMER_COLUMNS.filter(({ key }) => !["customerId", "createdAt", "version"].includes(key));
const LIFECYCLE_RECORD = [ID_COLUMN, ...LIFECYCLE_COLUMNS];
const FLAG_COLUMNS = IDENTITY_COLUMNS.filter(({ key }) => ["verified", "verifiedAt", "primary"].includes(key));

/** Parameters $1 to $3 of every change: tenant, customer, expected version; $4 is the header. */
const BUMPED = `bumped as (
  update customers c set version = c.version + 1, ${assignments("h", CHANGED_COLUMNS)}
  from ${recordRow("$4", "h", CHANGED_COLUMNS)}
  where c.tenant_id = $1 and c.id = $2 and c.version = $3 and c.deleted_at is null
  returning c.id)`;

interface Part {
  readonly name: string;
  readonly isIn: (changes: ChangeSet) => boolean;
  /** `undefined` for a part without a parameter. */
  readonly rowsOf?: (changes: ChangeSet) => readonly unknown[];
  readonly sql: (parameter: string, others: ReadonlySet<string>) => string;
}

function endPart(name: "endFields" | "endAssets", table: string): Part {
  return {
    name,
    isIn: (changes) => hasRows(changes[name]),
    rowsOf: (changes) => changes[name] ?? [],
    sql: (parameter) => `${name} as (
      update ${table} t set ${assignments("r", LIFECYCLE_COLUMNS)}
      from bumped, ${recordSet(parameter, "r", LIFECYCLE_RECORD)}
      where t.tenant_id = $1 and t.customer_id = $2 and t.id = r.id
      returning t.id)`,
  };
}

interface InsertPart {
  readonly name: "insertFields" | "insertAssets";
  readonly table: string;
  /** The table of the other kind of item, whose ids are taken too. */
  readonly otherTable: string;
  readonly columns: typeof FIELD_INSERT_COLUMNS;
  /** What is written instead of a member of the row, by its key. */
  readonly instead?: Readonly<Record<string, string>>;
  readonly rowsOf: (changes: ChangeSet) => readonly object[];
}

/** A definition may have made the field personal data since the write was planned; see `setPiiFlag`. */
const IS_PII = `r."isPii" or coalesce((select true from field_definitions d
  where d.tenant_id = $1 and d.name = r."name" and d.is_pii limit 1), false)`;

/**
 * An item without an id breaks a constraint, which `isItemIdTaken` recognises. A scalar subquery, because the planner
 * answers EXISTS here by reading all ids of the tenant into a hash table.
 */
function idUnlessTakenIn(otherTable: string): string {
  return `case when (select true from ${otherTable} x where x.tenant_id = $1 and x.id = r.id) then null else r.id end`;
}

/** Whether a constraint refused an item because one of either kind has its id. */
export function isItemIdTaken({ constraint, rule, cause }: ConstraintViolation): boolean {
  if (constraint === "profile_fields_pkey" || constraint === "profile_assets_pkey") return true;
  return rule === "not_null" && (cause as { readonly column?: unknown }).column === "id";
}

function insertPart({ name, table, otherTable, columns, instead = {}, rowsOf }: InsertPart): Part {
  const ends = name === "insertFields" ? "endFields" : "endAssets";
  const members = columns.slice(1).map((column) => instead[column.key] ?? recordMembers("r", [column]));
  return {
    name,
    isIn: (changes) => hasRows(changes[name]),
    rowsOf,
    // Waiting for all rows of the ending part frees the unique index entry of the version that is superseded.
    sql: (parameter, others) => `${name} as (
      insert into ${table} (tenant_id, ${columnNames(columns)})
      select $1, ${idUnlessTakenIn(otherTable)}, ${members.join(", ")}
      from bumped, ${recordSet(parameter, "r", columns)}
      ${others.has(ends) ? `, (select count(*) from ${ends}) ended` : ""}
      returning id)`,
  };
}

const EDGE_RECORD = `jsonb_to_recordset(#::jsonb) as r("itemId" uuid, "itemKind" text, position smallint, type text,
  "itemSourceId" uuid, "ref" text, metadata jsonb)`;

const EDGE_INSERT_COLUMNS =
  "tenant_id, item_id, item_kind, position, source_type, source_item_id, source_ref, metadata";

const PARTS: readonly Part[] = [
  endPart("endFields", "profile_fields"),
  endPart("endAssets", "profile_assets"),
  insertPart({
    name: "insertFields",
    table: "profile_fields",
    otherTable: "profile_assets",
    columns: FIELD_INSERT_COLUMNS,
    instead: { isPii: IS_PII },
    rowsOf: ({ insertFields = [] }) => insertFields.map((each) => ({ ...each, searchText: searchTextOfField(each) })),
  }),
  insertPart({
    name: "insertAssets",
    table: "profile_assets",
    otherTable: "profile_fields",
    columns: ASSET_INSERT_COLUMNS,
    rowsOf: ({ insertAssets = [] }) => insertAssets,
  }),
  {
    name: "insertSources",
    isIn: (changes) => edgesOf(changes).length > 0,
    rowsOf: edgesOf,
    sql: (parameter) => `inserted_sources as (
      insert into item_sources (${EDGE_INSERT_COLUMNS})
      select $1, r."itemId", r."itemKind", r.position, r.type, r."itemSourceId", r."ref", r.metadata
      from bumped, ${EDGE_RECORD.replace("#", parameter)})`,
  },
  {
    name: "releaseKeys",
    isIn: (changes) => changes.releaseKeys === true,
    sql: () => `released as (
      delete from channel_identities i using bumped where i.tenant_id = $1 and i.customer_id = bumped.id
    ), released_merged as (
      with recursive merged as (
        select c.id from customers c where c.tenant_id = $1 and c.merged_into_id = $2
        union
        select c.id from merged m join customers c on c.tenant_id = $1 and c.merged_into_id = m.id
      )
      update customers c set external_id = null, version = c.version + 1 from bumped, merged
      where c.tenant_id = $1 and c.id = merged.id and c.external_id is not null)`,
  },
  {
    name: "updateIdentities",
    isIn: (changes) => hasRows(changes.updateIdentities),
    rowsOf: (changes) => changes.updateIdentities ?? [],
    sql: (parameter) => `updated_identities as (
      update channel_identities i set ${assignments("r", FLAG_COLUMNS)}
      from bumped, ${recordSet(parameter, "r", IDENTITY_COLUMNS)}
      where i.tenant_id = $1 and i.customer_id = $2 and i.channel = r.channel and i.channel_user_id = r."channelUserId")`,
  },
  {
    name: "insertIdentities",
    isIn: (changes) => hasRows(changes.insertIdentities),
    rowsOf: (changes) => changes.insertIdentities ?? [],
    sql: (parameter) => `inserted_identities as (
      insert into channel_identities (tenant_id, customer_id, ${columnNames(IDENTITY_COLUMNS)})
      select $1, bumped.id, ${recordMembers("r", IDENTITY_COLUMNS)}
      from bumped, ${recordSet(parameter, "r", IDENTITY_COLUMNS)})`,
  },
  {
    name: "insertConsents",
    isIn: (changes) => hasRows(changes.insertConsents),
    rowsOf: (changes) => changes.insertConsents ?? [],
    sql: (parameter) => `inserted_consents as (
      insert into consents (tenant_id, customer_id, ${columnNames(CONSENT_COLUMNS)})
      select $1, bumped.id, ${recordMembers("r", CONSENT_COLUMNS)}
      from bumped, ${recordSet(parameter, "r", CONSENT_COLUMNS)})`,
  },
  {
    name: "audit",
    isIn: (changes) => changes.audit.length > 0,
    rowsOf: (changes) => auditRecords(changes.audit),
    sql: auditPart,
  },
];

/** Appends audit events behind `bumped`; shared with the statements that are not change sets. */
export function auditPart(parameter: string): string {
  return `audited as (
    insert into audit_events (${AUDIT_INSERT_COLUMNS})
    select $1, ${AUDIT_RECORD_MEMBERS} from bumped, ${auditRecordSet(parameter)})`;
}

const compiled = new Map<number, SqlStatement>();

/**
 * The statement of a change set and its parameters after tenant, customer and expected version. Most change sets have
 * one row in each part, and then the statement says so: the planner takes a record set for 100 rows and would read
 * every version of the customer rather than look one up by its id.
 */
export function compileChangeSet(changes: ChangeSet): { statement: SqlStatement; values: readonly string[] } {
  const parts = PARTS.filter((part) => part.isIn(changes));
  const lists = parts.flatMap((part) => (part.rowsOf ? [part.rowsOf(changes)] : []));
  const single = lists.every((rows) => rows.length === 1);
  const shape = parts.reduce((bits, part) => bits | (1 << PARTS.indexOf(part)), single ? 1 << PARTS.length : 0);
  let statement = compiled.get(shape);
  if (!statement) {
    const text = statementText(parts);
    statement = {
      name: `apply_${shape}`,
      text: single ? text.replaceAll(RECORD_SET, "jsonb_to_record($1::jsonb -> 0)") : text,
    };
    compiled.set(shape, statement);
  }
  return { statement, values: [JSON.stringify(changes.customer), ...lists.map((rows) => JSON.stringify(rows))] };
}

const RECORD_SET = /jsonb_to_recordset\((\$\d+)::jsonb\)/g;

function statementText(parts: readonly Part[]): string {
  const names = new Set(parts.map((part) => part.name));
  let parameters = 4;
  const ctes = parts.map((part) => part.sql(part.rowsOf ? `$${++parameters}` : "", names));
  return `with ${[BUMPED, ...ctes].join(",\n")} select count(*)::int as applied from bumped`;
}

function edgesOf(changes: ChangeSet): EdgeRecord[] {
  return [
    ...(changes.insertFields ?? []).flatMap((item) => edgeRecords(item, "profile_field")),
    ...(changes.insertAssets ?? []).flatMap((item) => edgeRecords(item, "profile_asset")),
  ];
}

interface EdgeRecord {
  readonly itemId: string;
  readonly itemKind: ItemKind;
  readonly position: number;
  readonly type: string;
  readonly itemSourceId: string | null;
  readonly ref: string | null;
  readonly metadata: unknown;
}

function edgeRecords(item: { id: string; sources: readonly ItemSource[] }, itemKind: ItemKind): EdgeRecord[] {
  return item.sources.map((source, position) => {
    const isItem = source.type === "profile_field" || source.type === "profile_asset";
    return {
      itemId: item.id,
      itemKind,
      position,
      type: source.type,
      itemSourceId: isItem ? source.id : null,
      ref: isItem ? null : source.id,
      metadata: source.metadata,
    };
  });
}

function hasRows(rows: readonly unknown[] | undefined): boolean {
  return rows !== undefined && rows.length > 0;
}
