import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import type { StatusFilter } from "./item.ts";
import {
  ASSET_COLUMNS,
  CONSENT_COLUMNS,
  CUSTOMER_COLUMNS,
  FIELD_COLUMNS,
  IDENTITY_COLUMNS,
  packed,
} from "./postgres-columns.ts";

/*
 * Row-level security already confines every statement to the session's tenant. Each names the tenant all the
 * same ($1), so that the composite indexes are used and a mistake in one of the two fences is not a leak.
 */

/*
 * Rows travel as JSON arrays without member names, which cost more to build, send and parse than the values do;
 * `postgres-rows.ts` names them again from the same column lists. Lists are array constructors and not aggregates.
 */

/** An item's sources in order: type, id, metadata, and whether the source item is gone. */
function sourcesOf(alias: string): string {
  return `array(
    select json_build_array(s.source_type, coalesce(s.source_item_id::text, s.source_ref), s.metadata,
      s.source_item_id is not null
        and not exists (select from profile_fields x
          where x.tenant_id = $1 and x.id = s.source_item_id and x.deleted_at is null)
        and not exists (select from profile_assets x
          where x.tenant_id = $1 and x.id = s.source_item_id and x.deleted_at is null))
    from item_sources s where s.tenant_id = $1 and s.item_id = ${alias}.id order by s.position)`;
}

/** One row of `profile_fields f`. */
export const FIELD_JSON = `json_build_array(${packed("f", FIELD_COLUMNS)}, ${sourcesOf("f")})`;

/** One row of `profile_assets a`. */
export const ASSET_JSON = `json_build_array(${packed("a", ASSET_COLUMNS)}, ${sourcesOf("a")}, array(
  select d.id from profile_fields d where d.tenant_id = $1 and d.deleted_at is null and d.id in (
    select e.item_id from item_sources e where e.tenant_id = $1 and e.source_item_id = a.id)
  order by d.sequence))`;

/** One row of `customers c`. */
export const CUSTOMER_JSON = `json_build_array(${packed("c", CUSTOMER_COLUMNS)})`;

/** The rows of a select as one JSON array, in its order. */
export function jsonList(select: string): string {
  return `to_json(array(${select}))`;
}

const FIELD_ORDER = "f.name, f.collected_at desc, f.sequence desc";
const ASSET_ORDER = "a.uploaded_at desc, a.sequence desc";

const IDENTITIES = jsonList(`select json_build_array(${packed("i", IDENTITY_COLUMNS)})
  from channel_identities i where i.tenant_id = $1 and i.customer_id = c.id order by i.channel, i.channel_user_id`);

const CONSENTS = jsonList(`select json_build_array(${packed("n", CONSENT_COLUMNS)})
  from consents n where n.tenant_id = $1 and n.customer_id = c.id order by n.sequence`);

function fieldsWhere(condition: string): string {
  return jsonList(`select ${FIELD_JSON} from profile_fields f
    where f.tenant_id = $1 and f.customer_id = c.id ${condition} order by ${FIELD_ORDER}`);
}

function assetsWhere(condition: string): string {
  return jsonList(`select ${ASSET_JSON} from profile_assets a
    where a.tenant_id = $1 and a.customer_id = c.id ${condition} order by ${ASSET_ORDER}`);
}

export const ACTIVE = (alias: string): string => `and ${alias}.status = 'active' and ${alias}.deleted_at is null`;

type ProfileScope = "active" | "history";

function profileColumns(scope: ProfileScope): string {
  const active = scope === "active";
  return `${CUSTOMER_JSON} as customer, ${IDENTITIES} as identities, ${CONSENTS} as consents,
    ${fieldsWhere(active ? ACTIVE("f") : "")} as fields, ${assetsWhere(active ? ACTIVE("a") : "")} as assets`;
}

function profileBy(lookup: "id" | "external_id" | "identity", scope: ProfileScope): SqlStatement {
  const name = `profile_by_${lookup}_${scope}`;
  switch (lookup) {
    case "id":
      return {
        name,
        text: `select ${profileColumns(scope)} from customers c where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null`,
      };
    case "external_id":
      return {
        name,
        text: `
          with recursive survivor as (
            select c.id, c.merged_into_id from customers c
            where c.tenant_id = $1 and c.external_id = $2 and c.deleted_at is null
            union
            select c.id, c.merged_into_id from survivor s
              join customers c on c.tenant_id = $1 and c.id = s.merged_into_id and c.deleted_at is null
          )
          select ${profileColumns(scope)} from survivor s join customers c on c.tenant_id = $1 and c.id = s.id
          where s.merged_into_id is null`,
      };
    case "identity":
      return {
        name,
        text: `select ${profileColumns(scope)}
          from channel_identities o join customers c on c.tenant_id = o.tenant_id and c.id = o.customer_id
          where o.tenant_id = $1 and o.channel = $2 and o.channel_user_id = $3 and c.deleted_at is null`,
      };
  }
}

export const PROFILE_BY_ID: Readonly<Record<ProfileScope, SqlStatement>> = {
  active: profileBy("id", "active"),
  history: profileBy("id", "history"),
};
export const PROFILE_BY_EXTERNAL_ID: Readonly<Record<ProfileScope, SqlStatement>> = {
  active: profileBy("external_id", "active"),
  history: profileBy("external_id", "history"),
};
export const PROFILE_BY_IDENTITY: Readonly<Record<ProfileScope, SqlStatement>> = {
  active: profileBy("identity", "active"),
  history: profileBy("identity", "history"),
};

/**
 * A parameter that says where a page starts, or what comes after everything on the first page. An index serves the
 * comparison with one plan for all pages; with `coalesce` it would not, which row-level security takes for a leak.
 */
const ELSE_LAST = (parameter: string, last: string): string =>
  `(case when ${parameter} is null then ${last} else ${parameter} end)`;

const LIVE_CUSTOMER = "c.deleted_at is null and c.merged_into_id is null";

/** $2 customer id to start below, or null; $3 limit; then what the filter needs. */
function customersWhere(name: string, condition: string): SqlStatement {
  return {
    name: `list_customers_${name}`,
    text: `select ${CUSTOMER_JSON} as customer, ${IDENTITIES} as identities
      from customers c
      where c.tenant_id = $1 and ${LIVE_CUSTOMER} and c.id < ${ELSE_LAST("$2::uuid", "'ffffffff-ffff-ffff-ffff-ffffffffffff'")} ${condition}
      order by c.id desc limit $3`,
  };
}

export const LIST_CUSTOMERS: SqlStatement = customersWhere("all", "");
export const LIST_CUSTOMERS_BY_EXTERNAL_ID: SqlStatement = customersWhere("external_id", "and c.external_id = $4");
export const LIST_CUSTOMERS_BY_IDENTITY: SqlStatement = customersWhere(
  "identity",
  `and exists (select from channel_identities o where o.tenant_id = $1 and o.customer_id = c.id
     and o.channel = $4 and o.channel_user_id = $5)`,
);
/** $4 and $5 the first and the last text with the prefix: a range, since the column's collation compares bytes. */
export const LIST_CUSTOMERS_BY_TEXT: SqlStatement = customersWhere(
  "text",
  `and c.id in (select f.customer_id from profile_fields f
     where f.tenant_id = $1 ${ACTIVE("f")} and not f.is_pii and f.search_text between $4 and $5)`,
);

function byStatus(alias: string, status: StatusFilter): string {
  return status === "any" ? "" : `and ${alias}.status = '${status}'`;
}

export function fieldByStatus(status: StatusFilter): SqlStatement {
  return {
    name: `field_${status}`,
    text: `select ${FIELD_JSON} as item from profile_fields f
      join customers c on c.tenant_id = f.tenant_id and c.id = f.customer_id and c.deleted_at is null
      where f.tenant_id = $1 and f.customer_id = $2 and f.name = $3 and f.deleted_at is null ${byStatus("f", status)}
      order by f.collected_at desc, f.sequence desc limit 1`,
  };
}

/** $4 and $5 are the instant and sequence to start below, or null; $6 the limit. */
export const FIELD_HISTORY: SqlStatement = {
  name: "field_history",
  text: `select ${FIELD_JSON} as item, f.sequence from profile_fields f
    join customers c on c.tenant_id = f.tenant_id and c.id = f.customer_id and c.deleted_at is null
    where f.tenant_id = $1 and f.customer_id = $2 and f.name = $3
      and (f.collected_at, f.sequence) < (${ELSE_LAST("$4::timestamptz", "'infinity'")}, ${ELSE_LAST("$5::bigint", "9223372036854775807")})
    order by f.collected_at desc, f.sequence desc limit $6`,
};

export const ASSET_BY_ID: SqlStatement = {
  name: "asset_by_id",
  text: `select ${ASSET_JSON} as item from profile_assets a
    join customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id and c.deleted_at is null
    where a.tenant_id = $1 and a.customer_id = $2 and a.id = $3 and a.deleted_at is null`,
};

export function assetsByStatus(status: StatusFilter): SqlStatement {
  return {
    name: `assets_${status}`,
    text: `select ${ASSET_JSON} as item, a.sequence from profile_assets a
      join customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id and c.deleted_at is null
      where a.tenant_id = $1 and a.customer_id = $2 and a.deleted_at is null ${byStatus("a", status)}
        and (a.uploaded_at, a.sequence) < (${ELSE_LAST("$3::timestamptz", "'infinity'")}, ${ELSE_LAST("$4::bigint", "9223372036854775807")})
      order by a.uploaded_at desc, a.sequence desc limit $5`,
  };
}

const ofLiveCustomer = (alias: string): string =>
  `join customers c on c.tenant_id = ${alias}.tenant_id and c.id = ${alias}.customer_id and c.deleted_at is null
   where ${alias}.tenant_id = $1 and ${alias}.id = $2 and ${alias}.commitment_secret is not null`;

/** A field version, or an asset's checksum, with the secret of its commitment. */
export const COMMITTED_ITEM: SqlStatement = {
  name: "committed_item",
  text: `select f.commitment_secret, ${FIELD_JSON} as field, null::text as checksum
      from profile_fields f ${ofLiveCustomer("f")}
    union all
    select a.commitment_secret, null, a.checksum from profile_assets a ${ofLiveCustomer("a")}`,
};
