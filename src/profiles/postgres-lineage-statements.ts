import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { DEPENDENTS_DEPTH_MAX, DERIVATION_CHAIN_LENGTH_MAX } from "./lineage.ts";
import { jsonList } from "./postgres-read-statements.ts";

/*
 * A walk over the edges gives ids with their shortest distance from the start, `reached r`. Items are looked up by id
 * in a lateral subquery, which the planner can only do by index, whatever it thinks of the sizes of the tables.
 */

const ITEMS = `reached r cross join lateral (
  select 'profile_field' as type, f.customer_id, f.name, f.status, f.deleted_at, f.collected_at, f.sequence
    from profile_fields f where f.tenant_id = $1 and f.id = r.id
  union all
  select 'profile_asset', a.customer_id, a.name, a.status, a.deleted_at, a.uploaded_at, a.sequence
    from profile_assets a where a.tenant_id = $1 and a.id = r.id) i`;

/** What `reachedItemOf` reads. */
const ITEM_JSON = `json_build_array(r.id, i.type, i.customer_id, i.name, i.status, i.deleted_at is not null, i.collected_at,
  array(select json_build_array(s.source_type, coalesce(s.source_item_id::text, s.source_ref), s.metadata)
    from item_sources s where s.tenant_id = $1 and s.item_id = r.id order by s.position), r.distance)`;

/** False for the start item when its customer was deleted, so that the answer does not begin with it. */
const STARTS_ALIVE = `(r.distance > 0
  or (select true from customers c where c.tenant_id = $1 and c.id = i.customer_id and c.deleted_at is null))`;

const ORDER = "r.distance, i.sequence, r.id";

/**
 * Rows are distinct by item and distance, so a cycle ends at the depth limit and a wide graph costs items times
 * depth. One level beyond the limit is walked to know whether something was left out.
 */
export const DERIVATION_CHAIN: SqlStatement = {
  name: "derivation_chain",
  text: `
    with recursive up as (
      select $2::uuid as id, 0 as distance
      union
      select s.source_item_id, u.distance + 1
      from up u join item_sources s on s.tenant_id = $1 and s.item_id = u.id and s.source_item_id is not null
      where u.distance < ${DERIVATION_CHAIN_LENGTH_MAX}
    ), reached as (
      select id, min(distance) as distance from up group by id
    )
    select ${jsonList(`select ${ITEM_JSON} from ${ITEMS} where ${STARTS_ALIVE}
      order by ${ORDER} limit ${DERIVATION_CHAIN_LENGTH_MAX + 1}`)} as items`,
};

/** $3 is the depth, $4 the limit. The first row only tells that the start item exists. */
export const DEPENDENTS: SqlStatement = {
  name: "dependents",
  text: `
    with recursive down as (
      select $2::uuid as id, 0 as distance
      union
      select s.item_id, d.distance + 1
      from down d join item_sources s on s.tenant_id = $1 and s.source_item_id = d.id
      where d.distance < least($3::int, ${DEPENDENTS_DEPTH_MAX})
    ), reached as (
      select id, min(distance) as distance from down group by id
    )
    select ${jsonList(`select ${ITEM_JSON} from ${ITEMS}
      where ${STARTS_ALIVE} and (r.distance = 0 or i.deleted_at is null)
      order by ${ORDER} limit $4::int + 2`)} as items`,
};

/** $2 items, $3 the limit: those, their direct sources and what derives directly from them. */
export const LINKED_ITEMS: SqlStatement = {
  name: "linked_items",
  text: `
    with linked as (
      select unnest($2::uuid[]) as id
      union
      select s.source_item_id from item_sources s
        where s.tenant_id = $1 and s.item_id = any($2::uuid[]) and s.source_item_id is not null
      union
      select s.item_id from item_sources s where s.tenant_id = $1 and s.source_item_id = any($2::uuid[])
    )
    select i.id, i.customer_id as "customerId" from linked l cross join lateral (
      select f.id, f.customer_id from profile_fields f where f.tenant_id = $1 and f.id = l.id
      union all
      select a.id, a.customer_id from profile_assets a where a.tenant_id = $1 and a.id = l.id) i
    limit $3::int`,
};
