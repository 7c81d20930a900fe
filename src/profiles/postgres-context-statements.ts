import { DEFINITION_SQL, REQUIREMENT_SQL } from "../schema/postgres-schema-columns.ts";
import type { RequirementSelector } from "../schema/requirement.ts";
import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { ASSET_FROM, ASSET_JSON, CUSTOMER_JSON, FIELD_FROM, FIELD_JSON } from "./postgres-read-statements.ts";

function list(json: string, from: string, order: string): string {
  return `coalesce((select json_agg(${json} order by ${order}) from ${from}), '[]')`;
}

/** $2 customer, $3 agent or null, $4 field names, $5 asset names, $6 item ids. */
export const LOAD_WRITE_CONTEXT: SqlStatement = {
  name: "load_write_context",
  text: `select json_build_object(
    'customer', ${CUSTOMER_JSON},
    'tenantMode', (select t.validation_mode from tenants t where t.id = $1),
    'agentMode', (select g.validation_mode from agent_settings g where g.tenant_id = $1 and g.agent_id = $3::uuid),
    'definitions', ${list(
      DEFINITION_SQL.json("d"),
      "field_definitions d where d.tenant_id = $1 and d.agent_id = $3::uuid and d.name = any($4::text[])",
      "d.name",
    )},
    'piiNames', ${list(
      "p.name",
      `(select distinct d.name from field_definitions d
        where d.tenant_id = $1 and d.is_pii and d.name = any($4::text[])) p`,
      "p.name",
    )},
    'currentFields', ${list(
      FIELD_JSON,
      `${FIELD_FROM} where f.tenant_id = $1 and f.customer_id = $2 and f.name = any($4::text[])
        and f.status <> 'superseded' and f.deleted_at is null`,
      "f.name, f.collected_at desc, f.sequence desc",
    )},
    'currentAssets', ${list(
      ASSET_JSON,
      `${ASSET_FROM} where a.tenant_id = $1 and a.customer_id = $2 and a.name = any($5::text[])
        and a.status <> 'superseded' and a.deleted_at is null`,
      "a.uploaded_at desc, a.sequence desc",
    )},
    'items', ${list(
      "json_build_object('id', i.id, 'kind', i.kind, 'deleted', i.deleted)",
      `(select id, 'profile_field' as kind, deleted_at is not null as deleted
          from profile_fields where tenant_id = $1 and id = any($6::uuid[])
        union all
        select id, 'profile_asset', deleted_at is not null
          from profile_assets where tenant_id = $1 and id = any($6::uuid[])) i`,
      "i.id",
    )}) as context
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
      select distinct on (f.name) f.tenant_id, f.id from profile_fields f
      where f.tenant_id = $1 and f.customer_id = $2 and f.deleted_at is null
        and (f.status = 'active' or f.name in (select field_name from required))
      order by f.name, (f.status = 'active') desc, f.collected_at desc, f.sequence desc
    )
    select json_build_object(
      'customer', ${CUSTOMER_JSON},
      'requirements', ${list(REQUIREMENT_SQL.json("q"), "required q", "q.collection_order, q.field_name, q.id")},
      'definitions', ${list(
        DEFINITION_SQL.json("d"),
        `field_definitions d where d.tenant_id = $1
          and (d.agent_id, d.name) in (select agent_id, field_name from required)`,
        "d.name, d.agent_id",
      )},
      'fields', ${list(
        FIELD_JSON,
        `candidates k join ${FIELD_FROM.replace("profile_fields f", "profile_fields f on f.tenant_id = k.tenant_id and f.id = k.id")}`,
        "f.name",
      )}) as context
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
