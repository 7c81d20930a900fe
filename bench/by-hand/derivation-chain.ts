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
