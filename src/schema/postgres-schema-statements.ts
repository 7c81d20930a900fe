import type { SqlStatement } from "../storage/postgres/sql-database.ts";
import { DEFINITION_SQL, REQUIREMENT_SQL } from "./postgres-schema-columns.ts";
import type { RequirementSelector } from "./requirement.ts";

/*
 * Row-level security already confines every statement to the session's tenant. Each names the tenant all the
 * same ($1), so that the composite indexes are used and a mistake in one of the two fences is not a leak.
 */

function statement(name: string, text: string): SqlStatement {
  return { name: `schema_${name}`, text };
}

const DEFINITION = `${DEFINITION_SQL.json("d")} as row`;
const REQUIREMENT = `${REQUIREMENT_SQL.json("r")} as row`;
const REQUIREMENT_ORDER = "r.collection_order, r.field_name, r.id";

export const GET_DEFINITION = statement(
  "get_definition",
  `select ${DEFINITION} from field_definitions d where d.tenant_id = $1 and d.agent_id = $2 and d.name = $3`,
);

export const LIST_DEFINITIONS = statement(
  "list_definitions",
  `select ${DEFINITION} from field_definitions d where d.tenant_id = $1 and d.agent_id = $2 order by d.name`,
);

export const LIST_ENABLED_DEFINITIONS = statement(
  "list_enabled_definitions",
  `select ${DEFINITION} from field_definitions d
    where d.tenant_id = $1 and d.agent_id = $2 and d.enabled order by d.name`,
);

export const FIND_DEFINITIONS = statement(
  "find_definitions",
  `select ${DEFINITION}
    from (select distinct "agentId", name from jsonb_to_recordset($2::jsonb) as k("agentId" uuid, name text)) k
    join field_definitions d on d.tenant_id = $1 and d.agent_id = k."agentId" and d.name = k.name
    order by d.agent_id, d.name`,
);

/** Two names may share a lock, and wait for each other without need. */
export const LOCK_DEFINITIONS = statement(
  "lock_definitions",
  "select pg_advisory_xact_lock(hashtextextended('strongroom.definitions ' || $1::text || ' ' || $2::text, 0))",
);

export const IS_PII_NAME = statement(
  "is_pii_name",
  "select 1 as found from field_definitions d where d.tenant_id = $1 and d.name = $2 and d.is_pii limit 1",
);

/** No row when the agent has $3 definitions and none of this name. */
export const PUT_DEFINITION = statement(
  "put_definition",
  `insert into field_definitions as d (tenant_id, ${DEFINITION_SQL.names})
    select $1, ${DEFINITION_SQL.members("i")} from ${DEFINITION_SQL.recordSet("$2", "i")}
    where (select count(*) from field_definitions o where o.tenant_id = $1 and o.agent_id = i."agentId") < $3
      or exists (select from field_definitions o
        where o.tenant_id = $1 and o.agent_id = i."agentId" and o.name = i."name")
    on conflict on constraint field_definitions_name_key do update set
      ${DEFINITION_SQL.assignments},
      version = case when ${DEFINITION_SQL.differs("d")} then d.version + 1 else d.version end,
      updated_at = case when ${DEFINITION_SQL.differs("d")} then excluded.updated_at else d.updated_at end
    returning ${DEFINITION}`,
);

export const DELETE_DEFINITION = statement(
  "delete_definition",
  "delete from field_definitions where tenant_id = $1 and agent_id = $2 and name = $3 returning id",
);

/** @param content the parameters that follow the tenant, the scenario and, for those that have one, the step */
type SelectedText = (selected: string, content: string) => string;

const SELECTED: Readonly<Record<RequirementSelector["kind"], readonly [selected: string, content: string]>> = {
  all: ["r.scenario_id = $2", "$3"],
  scenario: ["r.scenario_id = $2 and r.step_id is null", "$3"],
  step: ["r.scenario_id = $2 and r.step_id = $3", "$4"],
  effective: ["r.scenario_id = $2 and (r.step_id is null or r.step_id = $3)", "$4"],
};

/** One statement per kind of selector, so that each has the plan it deserves. */
function perSelector<Kind extends RequirementSelector["kind"]>(
  kinds: readonly Kind[],
  name: string,
  text: SelectedText,
): Readonly<Record<Kind, SqlStatement>> {
  const entries = kinds.map((kind: RequirementSelector["kind"]) => {
    const [selected, content] = SELECTED[kind];
    return [kind, statement(`${name}_${kind}`, text(selected, content))];
  });
  return Object.fromEntries(entries) as Record<Kind, SqlStatement>;
}

const SCOPES = ["all", "scenario", "step"] as const;

export const LIST_REQUIREMENTS = perSelector(
  [...SCOPES, "effective"],
  "list_requirements",
  (selected) => `select ${REQUIREMENT} from scenario_field_requirements r
    where r.tenant_id = $1 and ${selected} order by ${REQUIREMENT_ORDER}`,
);

export const LIST_RULE_REQUIREMENTS = statement(
  "list_rule_requirements",
  `select ${REQUIREMENT} from scenario_field_requirements r
    where r.tenant_id = $1 and r.scenario_id is null and r.rule_id = $2 order by ${REQUIREMENT_ORDER}`,
);

const NIL = "'00000000-0000-0000-0000-000000000000'::uuid";
const UPSERT_REQUIREMENT = `
    on conflict (tenant_id, agent_id, field_name, coalesce(scenario_id, ${NIL}), coalesce(step_id, ${NIL}),
      coalesce(rule_id, ${NIL})) do update set
      ${REQUIREMENT_SQL.assignments},
      updated_at = case when ${REQUIREMENT_SQL.differs("r")} then excluded.updated_at else r.updated_at end`;

function sameKey(stored: string, incoming: string): string {
  return `${stored}.agent_id = ${incoming}."agentId" and ${stored}.field_name = ${incoming}."fieldName"
        and ${stored}.scenario_id is not distinct from ${incoming}."scenarioId"
        and ${stored}.step_id is not distinct from ${incoming}."stepId"
        and ${stored}.rule_id is not distinct from ${incoming}."ruleId"`;
}

/** No row when the scenario, or the rule outside scenarios, has $3 requirements and none with this key. */
export const PUT_REQUIREMENT = statement(
  "put_requirement",
  `insert into scenario_field_requirements as r (tenant_id, ${REQUIREMENT_SQL.names})
    select $1, ${REQUIREMENT_SQL.members("i")} from ${REQUIREMENT_SQL.recordSet("$2", "i")}
    where case
        when i."scenarioId" is not null then (select count(*) from scenario_field_requirements o
          where o.tenant_id = $1 and o.scenario_id = i."scenarioId")
        else (select count(*) from scenario_field_requirements o
          where o.tenant_id = $1 and o.scenario_id is null and o.rule_id = i."ruleId")
      end < $3
      or exists (select from scenario_field_requirements o where o.tenant_id = $1 and ${sameKey("o", "i")})
    ${UPSERT_REQUIREMENT}
    returning ${REQUIREMENT}`,
);

/** Replacements of one scenario's requirements follow each other: each sees what the one before it left. */
export const LOCK_SCENARIO = statement(
  "lock_scenario",
  "select pg_advisory_xact_lock(hashtextextended('requirements/' || $1::text || '/' || $2::text, 0))",
);

/** The last parameter is the new content, a JSON array. */
export const REPLACE_REQUIREMENTS = perSelector(
  SCOPES,
  "replace_requirements",
  (selected, content) => `with incoming as materialized (select * from ${REQUIREMENT_SQL.recordSet(content, "i")}),
    removed as (
      delete from scenario_field_requirements r
      where r.tenant_id = $1 and ${selected}
        and not exists (select from incoming i where ${sameKey("r", "i")})
    ),
    stored as (
      insert into scenario_field_requirements as r (tenant_id, ${REQUIREMENT_SQL.names})
      select $1, ${REQUIREMENT_SQL.members("i")} from incoming i
      ${UPSERT_REQUIREMENT}
      returning r.*
    )
    select ${REQUIREMENT} from stored r order by ${REQUIREMENT_ORDER}`,
);

export const DELETE_REQUIREMENTS = perSelector(
  SCOPES,
  "delete_requirements",
  (selected) => `delete from scenario_field_requirements r
    where r.tenant_id = $1 and ${selected} returning r.id`,
);

export const DELETE_RULE_REQUIREMENTS = statement(
  "delete_rule_requirements",
  "delete from scenario_field_requirements where tenant_id = $1 and scenario_id is null and rule_id = $2 returning id",
);

export const GET_AGENT_SETTINGS = statement(
  "get_agent_settings",
  `select json_build_object('agentId', s.agent_id, 'validationMode', s.validation_mode, 'updatedAt', s.updated_at) as row
    from agent_settings s where s.tenant_id = $1 and s.agent_id = $2`,
);

export const PUT_AGENT_SETTINGS = statement(
  "put_agent_settings",
  `insert into agent_settings (tenant_id, agent_id, validation_mode, updated_at) values ($1, $2, $3, $4)
    on conflict (tenant_id, agent_id) do update
      set validation_mode = excluded.validation_mode, updated_at = excluded.updated_at`,
);
