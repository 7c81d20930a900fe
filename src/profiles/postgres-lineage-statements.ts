import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { DEPENDENTS_DEPTH_MAX, DERIVATION_CHAIN_LENGTH_MAX } from "./lineage.ts";

function lineageItem(kind: "profile_field" | "profile_asset", alias: string, collectedAt: string): string {
  return `json_build_object('id', ${alias}.id, 'type', '${kind}', 'customerId', ${alias}.customer_id, 'name', ${alias}.name,
    'status', ${alias}.status, 'deleted', ${alias}.deleted_at is not null, 'collectedAt', ${alias}.${collectedAt},
    'sources', coalesce((
      select json_agg(json_build_object('type', s.source_type, 'id', coalesce(s.source_item_id::text, s.source_ref),
        'metadata', s.metadata) order by s.position)
      from item_sources s where s.tenant_id = ${alias}.tenant_id and s.item_id = ${alias}.id), '[]'))`;
}

const ITEM_JSON = `case when f.id is not null then ${lineageItem("profile_field", "f", "collected_at")}
  else ${lineageItem("profile_asset", "a", "uploaded_at")} end`;

const ITEM_JOINS = `
  left join profile_fields f on f.tenant_id = $1 and f.id = r.id
  left join profile_assets a on a.tenant_id = $1 and a.id = r.id`;

/** True when the start item exists and belongs to a customer that was not deleted. */
const START_EXISTS = `exists (
  select from customers c where c.tenant_id = $1 and c.deleted_at is null and c.id in (
    select customer_id from profile_fields where tenant_id = $1 and id = $2
    union all
    select customer_id from profile_assets where tenant_id = $1 and id = $2))`;

/**
 * Rows are distinct by item and distance, so a cycle ends at the depth limit and a wide graph costs items times
 * depth. One level beyond the limit is walked to know whether something was left out.
 */
export const DERIVATION_CHAIN: SqlStatement = {
  name: "derivation_chain",
  text: `
    with recursive up as (
      select $2::uuid as id, 0 as distance where ${START_EXISTS}
      union
      select s.source_item_id, u.distance + 1
      from up u join item_sources s on s.tenant_id = $1 and s.item_id = u.id and s.source_item_id is not null
      where u.distance < ${DERIVATION_CHAIN_LENGTH_MAX}
    ), reached as (
      select id, min(distance) as distance from up group by id
    )
    select r.distance, ${ITEM_JSON} as item
    from reached r ${ITEM_JOINS}
    where f.id is not null or a.id is not null
    order by r.distance, coalesce(f.sequence, a.sequence), r.id
    limit ${DERIVATION_CHAIN_LENGTH_MAX + 1}`,
};

/** $3 is the depth, $4 the limit. The first row only tells that the start item exists. */
export const DEPENDENTS: SqlStatement = {
  name: "dependents",
  text: `
    with recursive down as (
      select $2::uuid as id, 0 as distance where ${START_EXISTS}
      union
      select s.item_id, d.distance + 1
      from down d join item_sources s on s.tenant_id = $1 and s.source_item_id = d.id
      where d.distance < least($3::int, ${DEPENDENTS_DEPTH_MAX})
    ), reached as (
      select id, min(distance) as distance from down group by id
    )
    select r.distance, ${ITEM_JSON} as item
    from reached r ${ITEM_JOINS}
    where r.distance = 0 or f.deleted_at is null and a.deleted_at is null
    order by r.distance, coalesce(f.sequence, a.sequence), r.id
    limit $4::int + 2`,
};
