import { isolateByTenant, type Migration } from "./migration.ts";

const VALIDATION_MODES = "('strict', 'warn', 'disabled')";
/* Stands for an unset part of a requirement's key: PostgreSQL 14 cannot declare two nulls equal. */
const NIL = "'00000000-0000-0000-0000-000000000000'::uuid";

export const schema: Migration = {
  version: 3,
  name: "schema",
  up: `
    create table field_definitions (
      tenant_id uuid not null,
      id uuid not null,
      agent_id uuid not null,
      name text collate "C" not null,
      display_name text not null,
      description text,
      value_type text not null,
      validation_regex text,
      validation_tool_id text,
      allowed_values text[],
      validation_mode text,
      required_verification boolean not null default false,
      verification_methods text[] not null default '{}',
      collection_prompt text,
      extraction_examples text[] not null default '{}',
      extraction_prompt_hint text,
      is_pii boolean not null default false,
      encryption_required boolean not null default false,
      retention_days integer,
      freshness_seconds integer,
      enabled boolean not null default true,
      suggestion_state text not null default 'accepted',
      version integer not null default 1,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      constraint field_definitions_pkey primary key (tenant_id, id),
      constraint field_definitions_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
      constraint field_definitions_name_key unique (tenant_id, agent_id, name),
      constraint field_definitions_name_check
        check (name ~ '^[a-z_][a-z0-9_]*$' and length(name) <= 50 and name <> '__proto__'),
      constraint field_definitions_value_type_check check (value_type in
        ('string', 'email', 'phone', 'date', 'number', 'boolean', 'json')),
      constraint field_definitions_validation_mode_check check (validation_mode in ${VALIDATION_MODES}),
      constraint field_definitions_suggestion_state_check check (suggestion_state in
        ('suggested', 'accepted', 'rejected')),
      constraint field_definitions_retention_check check (retention_days > 0),
      constraint field_definitions_freshness_check check (freshness_seconds > 0),
      constraint field_definitions_version_check check (version > 0)
    );
    create index field_definitions_enabled_idx on field_definitions (tenant_id, agent_id, name) where enabled;
    create index field_definitions_pii_idx on field_definitions (tenant_id, name) where is_pii;
    ${isolateByTenant("field_definitions")}

    create table scenario_field_requirements (
      tenant_id uuid not null,
      id uuid not null,
      agent_id uuid not null,
      scenario_id uuid,
      step_id uuid,
      rule_id uuid,
      field_name text collate "C" not null,
      required_level text not null default 'hard',
      fallback_action text not null default 'ask',
      when_condition text,
      depends_on_fields text[] not null default '{}',
      collection_order integer not null default 0,
      needs_human_review boolean not null default false,
      extraction_confidence double precision not null default 1,
      origin text not null default 'manual',
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      constraint scenario_field_requirements_pkey primary key (tenant_id, id),
      constraint scenario_field_requirements_tenant_fkey foreign key (tenant_id)
        references tenants (id) on delete restrict,
      constraint scenario_field_requirements_place_check
        check (scenario_id is not null or (rule_id is not null and step_id is null)),
      constraint scenario_field_requirements_field_name_check
        check (field_name ~ '^[a-z_][a-z0-9_]*$' and length(field_name) <= 50 and field_name <> '__proto__'),
      constraint scenario_field_requirements_level_check check (required_level in ('hard', 'soft')),
      constraint scenario_field_requirements_action_check check (fallback_action in
        ('ask', 'skip', 'block', 'extract')),
      constraint scenario_field_requirements_skip_check
        check (fallback_action <> 'skip' or required_level = 'soft'),
      constraint scenario_field_requirements_origin_check check (origin in ('manual', 'extracted')),
      constraint scenario_field_requirements_confidence_check check (extraction_confidence between 0 and 1)
    );
    create unique index scenario_field_requirements_natural_key on scenario_field_requirements
      (tenant_id, agent_id, field_name, coalesce(scenario_id, ${NIL}), coalesce(step_id, ${NIL}), coalesce(rule_id, ${NIL}));
    create index scenario_field_requirements_step_idx on scenario_field_requirements (tenant_id, scenario_id, step_id);
    create index scenario_field_requirements_order_idx on scenario_field_requirements
      (tenant_id, scenario_id, collection_order);
    create index scenario_field_requirements_rule_idx on scenario_field_requirements (tenant_id, rule_id)
      where rule_id is not null;
    ${isolateByTenant("scenario_field_requirements")}

    create table agent_settings (
      tenant_id uuid not null,
      agent_id uuid not null,
      validation_mode text,
      updated_at timestamptz(3) not null,
      constraint agent_settings_pkey primary key (tenant_id, agent_id),
      constraint agent_settings_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
      constraint agent_settings_validation_mode_check check (validation_mode in ${VALIDATION_MODES})
    );
    ${isolateByTenant("agent_settings")}
  `,
  down: `
    drop table agent_settings;
    drop table scenario_field_requirements;
    drop table field_definitions;
  `,
};
