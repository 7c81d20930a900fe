import { DEFINITION_SQL, REQUIREMENT_SQL } from "../schema/postgres-schema-columns.ts";
import type { RequirementSelector } from "../schema/requirement.ts";
import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { VAULT_STORAGE } from "./asset.ts";
import { ASSET_JSON, CUSTOMER_JSON, FIELD_JSON, jsonList } from "./postgres-read-statements.ts";

/** $2 customer, $3 agent or null, $4 field names, $5 asset names, $6 item ids. */
export const LOAD_WRITE_CONTEXT: SqlStatement = {
  name: "load_write_context",
  text: `select ${CUSTOMER_JSON} as customer,
    (select t.validation_mode from tenants t where t.id = $1) as tenant_mode,
    (select g.validation_mode from agent_settings g where g.tenant_id = $1 and g.agent_id = $3::uuid) as agent_mode,
    ${jsonList(`select ${DEFINITION_SQL.json("d")} from field_definitions d
      where d.tenant_id = $1 and d.agent_id = $3::uuid and d.name = any($4::text[]) order by d.name`)} as definitions,
    ${jsonList(`select distinct d.name from field_definitions d
      where d.tenant_id = $1 and d.is_pii and d.name = any($4::text[]) order by d.name`)} as pii_names,
    ${jsonList(`select ${FIELD_JSON} from profile_fields f
      where f.tenant_id = $1 and f.customer_id = $2 and f.name = any($4::text[])
        and f.status <> 'superseded' and f.deleted_at is null
      order by f.name, f.collected_at desc, f.sequence desc`)} as current_fields,
    ${jsonList(`select ${ASSET_JSON} from profile_assets a
      where a.tenant_id = $1 and a.customer_id = $2 and a.name = any($5::text[])
        and a.status <> 'superseded' and a.deleted_at is null
      order by a.uploaded_at desc, a.sequence desc`)} as current_assets,
    ${jsonList(`select json_build_object('id', i.id, 'customerId', i.customer_id, 'kind', i.kind,
        'deleted', i.deleted) from (
        select id, customer_id, 'profile_field' as kind, deleted_at is not null as deleted
          from profile_fields where tenant_id = $1 and id = any($6::uuid[])
        union all
        select id, customer_id, 'profile_asset', deleted_at is not null
          from profile_assets where tenant_id = $1 and id = any($6::uuid[])) i
      order by i.id`)} as items
    from customers c where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null`,
};

/** $2 customer, $3 scenario, $4 to $6 as `gapContextValues` gives them. */
export const LOAD_GAP_CONTEXT: SqlStatement = {
  name: "load_gap_context",
  text: `
    with required as materialized (
      select * from scenario_field_requirements q
      where q.tenant_id = $1 and q.scenario_id = $3
        and ($4::boolean or ($5::boolean and q.step_id is null) or q.step_id = $6::uuid)
    ), candidates as (
      select distinct on (f.name) f.id from profile_fields f
      where f.tenant_id = $1 and f.customer_id = $2 and f.deleted_at is null
        and (f.status = 'active' or f.name in (select field_name from required))
      order by f.name, (f.status = 'active') desc, f.collected_at desc, f.sequence desc
    )
    select ${CUSTOMER_JSON} as customer,
      ${jsonList(`select ${REQUIREMENT_SQL.json("q")} from required q
        order by q.collection_order, q.field_name, q.id`)} as requirements,
      ${jsonList(`select ${DEFINITION_SQL.json("d")} from field_definitions d
        where d.tenant_id = $1 and (d.agent_id, d.name) in (select agent_id, field_name from required)
        order by d.name, d.agent_id`)} as definitions,
      ${jsonList(`select ${FIELD_JSON} from profile_fields f
        where f.tenant_id = $1 and f.id in (select id from candidates) order by f.name`)} as fields
    from customers c where c.tenant_id = $1 and c.id = $2 and c.deleted_at is null`,
};

/** Whether everything is selected, whether what has no step is, and which step is. */
export function gapContextValues(selector: RequirementSelector): readonly [boolean, boolean, string | null] {
  switch (selector.kind) {
    case "all":
      return [true, true, null];
    case "scenario":
      return [false, true, null];
    case "step":
      return [false, false, selector.stepId];
    case "effective":
      return [false, true, selector.stepId];
  }
}

export const WRAPPED_KEYS: SqlStatement = {
  name: "wrapped_keys",
  text: `select id, wrapped_key from customers
    where tenant_id = $1 and id = any($2::uuid[]) and wrapped_key is not null`,
};

export const OWNED_PATHS: SqlStatement = {
  name: "owned_paths",
  text: `select storage_path from profile_assets
    where tenant_id = $1 and storage_provider = '${VAULT_STORAGE}' and deleted_at is null
      and storage_path = any($2::text[])`,
};
