import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import type { StatusFilter } from "./item.ts";
import {
  ASSET_COLUMNS,
  CONSENT_COLUMNS,
  CUSTOMER_COLUMNS,
  FIELD_COLUMNS,
  IDENTITY_COLUMNS,
  jsonMembers,
} from "./postgres-columns.ts";

/*
 * Row-level security already confines every statement to the session's tenant. Each names the tenant all the
 * same ($1), so that the composite indexes are used and a mistake in one of the two fences is not a leak.
 */

/** The source edges of item `alias` in order, and whether one of its source items is gone. */
function sourcesOf(alias: string): string {
  return `
    left join lateral (
      select
        json_agg(json_build_object('type', s.source_type, 'id', coalesce(s.source_item_id::text, s.source_ref),
          'metadata', s.metadata) order by s.position) as sources,
        bool_or(s.source_item_id is not null
          and not exists (select from profile_fields x
            where x.tenant_id = s.tenant_id and x.id = s.source_item_id and x.deleted_at is null)
          and not exists (select from profile_assets x
            where x.tenant_id = s.tenant_id and x.id = s.source_item_id and x.deleted_at is null)) as orphaned
      from item_sources s
      where s.tenant_id = ${alias}.tenant_id and s.item_id = ${alias}.id
    ) ${alias}_edges on true`;
}

function sourceMembers(alias: string): string {
  return `'sources', coalesce(${alias}_edges.sources, '[]'), 'isOrphaned', coalesce(${alias}_edges.orphaned, false)`;
}

export const FIELD_JSON = `json_build_object(${jsonMembers("f", FIELD_COLUMNS)}, ${sourceMembers("f")})`;
export const FIELD_FROM = `profile_fields f ${sourcesOf("f")}`;

export const ASSET_JSON = `json_build_object(${jsonMembers("a", ASSET_COLUMNS)}, ${sourceMembers("a")},
  'analysisFieldIds', coalesce((
    select json_agg(d.id order by d.sequence)
    from item_sources e join profile_fields d on d.tenant_id = e.tenant_id and d.id = e.item_id
    where e.tenant_id = a.tenant_id and e.source_item_id = a.id and d.deleted_at is null), '[]'))`;
export const ASSET_FROM = `profile_assets a ${sourcesOf("a")}`;

export const CUSTOMER_JSON = `json_build_object(${jsonMembers("c", CUSTOMER_COLUMNS)})`;

const FIELD_ORDER = "f.name, f.collected_at desc, f.sequence desc";
const ASSET_ORDER = "a.uploaded_at desc, a.sequence desc";

const IDENTITIES = `coalesce((
  select json_agg(json_build_object(${jsonMembers("i", IDENTITY_COLUMNS)}) order by i.channel, i.channel_user_id)
  from channel_identities i where i.tenant_id = c.tenant_id and i.customer_id = c.id), '[]')`;

const CONSENTS = `coalesce((
  select json_agg(json_build_object(${jsonMembers("n", CONSENT_COLUMNS)}) order by n.sequence)
  from consents n where n.tenant_id = c.tenant_id and n.customer_id = c.id), '[]')`;

function fieldsWhere(condition: string): string {
  return `coalesce((select json_agg(${FIELD_JSON} order by ${FIELD_ORDER}) from ${FIELD_FROM}
    where f.tenant_id = c.tenant_id and f.customer_id = c.id ${condition}), '[]')`;
}

function assetsWhere(condition: string): string {
  return `coalesce((select json_agg(${ASSET_JSON} order by ${ASSET_ORDER}) from ${ASSET_FROM}
    where a.tenant_id = c.tenant_id and a.customer_id = c.id ${condition}), '[]')`;
}

export const ACTIVE = (alias: string): string => `and ${alias}.status = 'active' and ${alias}.deleted_at is null`;

type ProfileScope = "active" | "history";

function profileJson(scope: ProfileScope): string {
  const active = scope === "active";
  return `json_build_object('customer', ${CUSTOMER_JSON}, 'identities', ${IDENTITIES}, 'consents', ${CONSENTS},
    'fields', ${fieldsWhere(active ? ACTIVE("f") : "")}, 'assets', ${assetsWhere(active ? ACTIVE("a") : "")}) as profile`;
}

function profileBy(lookup: "id" | "external_id" | "identity", scope: ProfileScope): SqlStatement {
  const name = `profile_by_${lookup}_${scope}`;
  switch (lookup) {
    case "id":
      return {
        name,
        text: `select ${profileJson(scope)} from customers c where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null`,
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
          select ${profileJson(scope)} from survivor s join customers c on c.tenant_id = $1 and c.id = s.id
          where s.merged_into_id is null`,
      };
    case "identity":
      return {
        name,
        text: `select ${profileJson(scope)}
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

const LIVE_CUSTOMER = "c.deleted_at is null and c.merged_into_id is null";

/** $2 customer id to start below, or null; $3 limit; then what the filter needs. */
function customersWhere(name: string, condition: string): SqlStatement {
  return {
    name: `list_customers_${name}`,
    text: `select json_build_object(${jsonMembers("c", CUSTOMER_COLUMNS)}, 'identities', ${IDENTITIES}) as customer
      from customers c
      where c.tenant_id = $1 and ${LIVE_CUSTOMER} and ($2::uuid is null or c.id < $2) ${condition}
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
    text: `select ${FIELD_JSON} as item from ${FIELD_FROM}
      join customers c on c.tenant_id = f.tenant_id and c.id = f.customer_id and c.deleted_at is null
      where f.tenant_id = $1 and f.customer_id = $2 and f.name = $3 and f.deleted_at is null ${byStatus("f", status)}
      order by f.collected_at desc, f.sequence desc limit 1`,
  };
}

/** $4 and $5 are the instant and sequence to start below, or null; $6 the limit. */
export const FIELD_HISTORY: SqlStatement = {
  name: "field_history",
  text: `select ${FIELD_JSON} as item, f.sequence from ${FIELD_FROM}
    join customers c on c.tenant_id = f.tenant_id and c.id = f.customer_id and c.deleted_at is null
    where f.tenant_id = $1 and f.customer_id = $2 and f.name = $3
      and ($4::timestamptz is null or (f.collected_at, f.sequence) < ($4, $5::bigint))
    order by f.collected_at desc, f.sequence desc limit $6`,
};

export const ASSET_BY_ID: SqlStatement = {
  name: "asset_by_id",
  text: `select ${ASSET_JSON} as item from ${ASSET_FROM}
    join customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id and c.deleted_at is null
    where a.tenant_id = $1 and a.customer_id = $2 and a.id = $3 and a.deleted_at is null`,
};

export function assetsByStatus(status: StatusFilter): SqlStatement {
  return {
    name: `assets_${status}`,
    text: `select ${ASSET_JSON} as item, a.sequence from ${ASSET_FROM}
      join customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id and c.deleted_at is null
      where a.tenant_id = $1 and a.customer_id = $2 and a.deleted_at is null ${byStatus("a", status)}
        and ($3::timestamptz is null or (a.uploaded_at, a.sequence) < ($3, $4::bigint))
      order by a.uploaded_at desc, a.sequence desc limit $5`,
  };
}
