import type { SqlStatement } from "../../src/storage/postgres/sql-database.ts";

/** The bare recursive CTE: the items from the asked one to the root, without their source edges. */
export const CHAIN_BY_HAND: SqlStatement = {
  name: "chain_by_hand",
  text: `
    with recursive up as (
      select $2::uuid as id, 0 as distance
      union
      select s.source_item_id, u.distance + 1 from up u join item_sources s on s.tenant_id = $1 and s.item_id = u.id
      where s.source_item_id is not null and u.distance < 10
    )
    select u.distance, u.id, f.customer_id, f.name, f.status, f.collected_at, f.deleted_at is not null as deleted
    from up u join profile_fields f on f.tenant_id = $1 and f.id = u.id
    order by u.distance desc`,
};

/** The same with what the vault's answer holds besides: items of both kinds and their source edges. */
export const WHOLE_CHAIN_BY_HAND: SqlStatement = {
  name: "whole_chain_by_hand",
  text: `
    with recursive up as (
      select $2::uuid as id, 0 as distance
      union
      select s.source_item_id, u.distance + 1 from up u join item_sources s on s.tenant_id = $1 and s.item_id = u.id
      where s.source_item_id is not null and u.distance < 10
    )
    select to_json(array(select json_build_array(u.distance, u.id, i.kind, i.customer_id, i.name, i.status, i.made_at, i.deleted_at,
        array(select json_build_array(s.source_type, coalesce(s.source_item_id::text, s.source_ref), s.metadata)
          from item_sources s where s.tenant_id = $1 and s.item_id = u.id order by s.position))
      from up u cross join lateral (
        select 'profile_field', f.customer_id, f.name, f.status, f.collected_at, f.deleted_at
          from profile_fields f where f.tenant_id = $1 and f.id = u.id
        union all
        select 'profile_asset', a.customer_id, a.name, a.status, a.uploaded_at, a.deleted_at
          from profile_assets a where a.tenant_id = $1 and a.id = u.id
      ) i (kind, customer_id, name, status, made_at, deleted_at)
      order by u.distance desc)) as items`,
};
