import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { DEPENDENTS_NAMED_MAX } from "./has-dependents.ts";
import { auditPart } from "./postgres-change-set.ts";
import {
  assignments,
  CUSTOMER_COLUMNS,
  columnNames,
  IDENTITY_COLUMNS,
  LIFECYCLE_COLUMNS,
  recordMembers,
  recordSet,
} from "./postgres-columns.ts";
import { ACTIVE } from "./postgres-read-statements.ts";

const FREE_EXTERNAL_ID =
  "on conflict (tenant_id, external_id) where external_id is not null and deleted_at is null do nothing";
const FREE_IDENTITY = "on conflict (tenant_id, channel, channel_user_id) do nothing";

/**
 * For a customer with one key at most. $2 customer, $3 its identity or an empty list, $4 audit events. The identity
 * goes first, since the customer is inserted only when as many identities were free as there are in $3.
 */
export const CREATE_CUSTOMER: SqlStatement = {
  name: "create_customer",
  text: `
    with identity as (
      insert into channel_identities (tenant_id, customer_id, ${columnNames(IDENTITY_COLUMNS)})
      select $1, h."customerId", ${recordMembers("r", IDENTITY_COLUMNS)}
      from ${recordSet("$2", "h", CUSTOMER_COLUMNS)}, ${recordSet("$3", "r", IDENTITY_COLUMNS)}
      ${FREE_IDENTITY}
      returning customer_id
    ), bumped as (
      insert into customers (tenant_id, ${columnNames(CUSTOMER_COLUMNS)})
      select $1, ${recordMembers("h", CUSTOMER_COLUMNS)} from ${recordSet("$2", "h", CUSTOMER_COLUMNS)}
      where (select count(*) from identity) = jsonb_array_length($3::jsonb)
      ${FREE_EXTERNAL_ID}
      returning id
    ), ${auditPart("$4")}
    select 0 as leftover, count(*)::int as created from bumped`,
};

/**
 * For a customer with both keys; parameters as above. Whichever goes first may turn out to be free alone: here it is
 * the external id, and a customer whose identity was taken is left over.
 */
export const CREATE_CUSTOMER_WITH_BOTH_KEYS: SqlStatement = {
  name: "create_customer_with_both_keys",
  text: `
    with made as (
      insert into customers (tenant_id, ${columnNames(CUSTOMER_COLUMNS)})
      select $1, ${recordMembers("h", CUSTOMER_COLUMNS)} from ${recordSet("$2", "h", CUSTOMER_COLUMNS)}
      ${FREE_EXTERNAL_ID}
      returning id
    ), bumped as (
      insert into channel_identities (tenant_id, customer_id, ${columnNames(IDENTITY_COLUMNS)})
      select $1, made.id, ${recordMembers("r", IDENTITY_COLUMNS)}
      from made, ${recordSet("$3", "r", IDENTITY_COLUMNS)}
      ${FREE_IDENTITY}
      returning customer_id as id
    ), ${auditPart("$4")}
    select (select count(*)::int from made) - count(*)::int as leftover, count(*)::int as created from bumped`,
};

export const REMOVE_CUSTOMER: SqlStatement = {
  name: "remove_customer",
  text: "delete from customers where tenant_id = $1 and id = $2",
};

export const LOCK_CUSTOMERS: SqlStatement = {
  name: "lock_customers",
  text: `select c.id, c.version from customers c
    where c.tenant_id = $1 and c.id = any($2::uuid[]) and c.deleted_at is null order by c.id for update`,
};

/** The header is written whole, with the version it names. */
export const PUT_CUSTOMER: SqlStatement = {
  name: "put_customer",
  text: `update customers c set ${assignments(
    "h",
    CUSTOMER_COLUMNS.filter(({ key }) => key !== "customerId"),
  )}
    from ${recordSet("$3", "h", CUSTOMER_COLUMNS)} where c.tenant_id = $1 and c.id = $2`,
};

const LIFECYCLE_RECORD = [{ key: "id", column: "id", type: "uuid" } as const, ...LIFECYCLE_COLUMNS];

function moveItems(table: "profile_fields" | "profile_assets"): SqlStatement {
  return {
    name: `move_${table}`,
    text: `update ${table} t set customer_id = $3, ${assignments("r", LIFECYCLE_COLUMNS)}
      from ${recordSet("$4", "r", LIFECYCLE_RECORD)}
      where t.tenant_id = $1 and t.customer_id = $2 and t.id = r.id`,
  };
}
export const MOVE_FIELDS: SqlStatement = moveItems("profile_fields");
export const MOVE_ASSETS: SqlStatement = moveItems("profile_assets");

export const SET_FIELD_LIFECYCLES: SqlStatement = {
  name: "set_field_lifecycles",
  text: `update profile_fields t set ${assignments("r", LIFECYCLE_COLUMNS)}
    from ${recordSet("$2", "r", LIFECYCLE_RECORD)} where t.tenant_id = $1 and t.id = r.id`,
};

/** $2 the owner before, $3 the owner afterwards, $4 the identities. */
export const MOVE_IDENTITIES: SqlStatement = {
  name: "move_identities",
  text: `update channel_identities i set customer_id = $3, ${assignments("r", IDENTITY_COLUMNS)}
    from ${recordSet("$4", "r", IDENTITY_COLUMNS)}
    where i.tenant_id = $1 and i.customer_id = $2 and i.channel = r.channel and i.channel_user_id = r."channelUserId"`,
};

/** $2 the two owners, $3 the identities. */
export const SET_IDENTITIES: SqlStatement = {
  name: "set_identities",
  text: `update channel_identities i set ${assignments("r", IDENTITY_COLUMNS)}
    from ${recordSet("$3", "r", IDENTITY_COLUMNS)}
    where i.tenant_id = $1 and i.customer_id = any($2::uuid[])
      and i.channel = r.channel and i.channel_user_id = r."channelUserId"`,
};

export const MOVE_CONSENTS: SqlStatement = {
  name: "move_consents",
  text: "update consents set customer_id = $3 where tenant_id = $1 and customer_id = $2 and id = any($4::uuid[])",
};

/** Lets writers of fields that are at work finish, and keeps others waiting until the transaction ends. */
export const HOLD_FIELD_WRITERS: SqlStatement = {
  name: "hold_field_writers",
  text: "lock table profile_fields in share row exclusive mode",
};

export const SET_PII_FLAG: SqlStatement = {
  name: "set_pii_flag",
  text: "update profile_fields set is_pii = $3 where tenant_id = $1 and name = $2 and is_pii <> $3 returning id",
};

export const INSERT_MERGE: SqlStatement = {
  name: "insert_merge",
  text: `insert into customer_merges (tenant_id, id, source_customer_id, target_customer_id, merged_at, pre_image)
    values ($1, $2, $3, $4, $5, $6::jsonb)`,
};

export const MARK_MERGE_UNDONE: SqlStatement = {
  name: "mark_merge_undone",
  text: "update customer_merges set undone_at = $3 where tenant_id = $1 and id = $2 and undone_at is null returning id",
};

const MERGE_JSON = `json_build_object('mergeId', m.id, 'sourceCustomerId', m.source_customer_id,
  'targetCustomerId', m.target_customer_id, 'mergedAt', m.merged_at, 'undoneAt', m.undone_at, 'preImage', m.pre_image)`;

export const MERGE_BY_ID: SqlStatement = {
  name: "merge_by_id",
  text: `select ${MERGE_JSON} as merge from customer_merges m where m.tenant_id = $1 and m.id = $2`,
};

export const MERGES_INTO: SqlStatement = {
  name: "merges_into",
  text: `select ${MERGE_JSON} as merge from customer_merges m
    where m.tenant_id = $1 and m.target_customer_id = $2 and m.undone_at is null order by m.merged_at desc, m.id desc`,
};

/** The first of the items' children that are no tombstones and are not purged with them. */
export const LIVE_DEPENDENTS: SqlStatement = {
  name: "live_dependents",
  text: `select distinct s.item_id as id from item_sources s
      left join profile_fields f on f.tenant_id = s.tenant_id and f.id = s.item_id
      left join profile_assets a on a.tenant_id = s.tenant_id and a.id = s.item_id
    where s.tenant_id = $1 and s.source_item_id = any($2::uuid[]) and not s.item_id = any($2::uuid[])
      and f.deleted_at is null and a.deleted_at is null
    order by id limit ${DEPENDENTS_NAMED_MAX}`,
};

/** $2 customer, $3 item ids: removes those of the customer, their edges, and the links of what they superseded. */
function purgeFrom(table: "profile_fields" | "profile_assets"): SqlStatement {
  return {
    name: `purge_${table}`,
    text: `
      with purged as (
        delete from ${table} where tenant_id = $1 and customer_id = $2 and id = any($3::uuid[]) returning id
      ), edges as (
        delete from item_sources s using purged where s.tenant_id = $1 and s.item_id = purged.id
      )
      update ${table} t set superseded_by_id = null from purged
      where t.tenant_id = $1 and t.superseded_by_id = purged.id and t.id <> all($3::uuid[])`,
  };
}
export const PURGE_FIELDS: SqlStatement = purgeFrom("profile_fields");
export const PURGE_ASSETS: SqlStatement = purgeFrom("profile_assets");

/*
 * The passes: $2 is now, $3 a customer or null, $4 the batch limit. Customers are locked in the order of their ids
 * before any item is touched, as a change set locks its customer first, so neither waits for the other in a circle.
 * A row without an item tells that items were due when the statement began, and none any more when it got their locks.
 */

function pass(name: string, due: string, status: "expired" | "orphaned"): SqlStatement {
  const end = (table: string, kind: string): string => `
    update ${table} t set status = '${status}', ${status}_at = $2, ended_at = $2
    from due d join locked l on l.id = d.customer_id
    where t.tenant_id = $1 and t.id = d.id and d.kind = '${kind}' ${ACTIVE("t")}
    returning t.id, t.customer_id, t.name`;
  return {
    name,
    text: `
      with due as (${due}
      ), locked as (
        select c.id from customers c
        where c.tenant_id = $1 and c.deleted_at is null and c.id in (select customer_id from due) order by c.id for update
      ), fields as (${end("profile_fields", "profile_field")}
      ), assets as (${end("profile_assets", "profile_asset")}
      ), touched as (
        select 'profile_field' as kind, * from fields union all select 'profile_asset', * from assets
      ), bumped as (
        update customers c set version = c.version + 1, updated_at = greatest(c.updated_at, $2::timestamptz)
        where c.tenant_id = $1 and c.id in (select customer_id from touched)
      )
      select id as "itemId", kind, customer_id as "customerId", name from touched
      union all
      select null, null, null, null where exists (select from due) and not exists (select from touched)
      order by "customerId", "itemId"`,
  };
}

/** Items of deleted customers stay as they are; counting them would fill the batches for nothing. */
const LIVE_OWNER = (alias: string): string =>
  `join customers c on c.tenant_id = ${alias}.tenant_id and c.id = ${alias}.customer_id and c.deleted_at is null`;

const FOR_CUSTOMER = (alias: string): string => `and ($3::uuid is null or ${alias}.customer_id = $3)`;

function dueForExpiry(table: string, alias: string, kind: string): string {
  return `(select '${kind}' as kind, ${alias}.id, ${alias}.customer_id from ${table} ${alias} ${LIVE_OWNER(alias)}
    where ${alias}.tenant_id = $1 ${ACTIVE(alias)} and ${alias}.expires_at <= $2::timestamptz ${FOR_CUSTOMER(alias)}
    order by ${alias}.expires_at limit $4::int)`;
}

export const EXPIRE_DUE: SqlStatement = pass(
  "expire_due",
  `select * from (${dueForExpiry("profile_fields", "f", "profile_field")}
    union all ${dueForExpiry("profile_assets", "a", "profile_asset")}) every limit $4::int`,
  "expired",
);

export const MARK_ORPHANS: SqlStatement = pass(
  "mark_orphans",
  `select distinct s.item_kind as kind, s.item_id as id, coalesce(f.customer_id, a.customer_id) as customer_id
    from item_sources s
      left join profile_fields f on s.item_kind = 'profile_field' and f.tenant_id = s.tenant_id and f.id = s.item_id
        ${ACTIVE("f")}
      left join profile_assets a on s.item_kind = 'profile_asset' and a.tenant_id = s.tenant_id and a.id = s.item_id
        ${ACTIVE("a")}
      join customers c on c.tenant_id = s.tenant_id and c.id = coalesce(f.customer_id, a.customer_id)
        and c.deleted_at is null
    where s.tenant_id = $1 and s.source_item_id is not null and coalesce(f.id, a.id) is not null
      and ($3::uuid is null or coalesce(f.customer_id, a.customer_id) = $3)
      and not exists (select from profile_fields x
        where x.tenant_id = $1 and x.id = s.source_item_id and x.deleted_at is null)
      and not exists (select from profile_assets x
        where x.tenant_id = $1 and x.id = s.source_item_id and x.deleted_at is null)
    limit $4::int`,
  "orphaned",
);
