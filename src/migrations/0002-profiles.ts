import { APPLICATION_ROLE } from "../storage/postgres/sql-database.ts";
import { isolateByTenant, type Migration } from "./migration.ts";

/* What field versions and assets share: their place in the lifecycle. */
const LIFECYCLE_COLUMNS = `
  status text not null default 'active',
  superseded_by_id uuid,
  superseded_at timestamptz(3),
  expired_at timestamptz(3),
  orphaned_at timestamptz(3),
  recorded_at timestamptz(3) not null,
  ended_at timestamptz(3),
  deleted_at timestamptz(3)`;

function lifecycleConstraints(table: string): string {
  return `
  constraint ${table}_status_check check (status in ('active', 'superseded', 'expired', 'orphaned')),
  constraint ${table}_superseded_check
    check ((status = 'superseded') = (superseded_at is not null) and (status = 'superseded' or superseded_by_id is null)),
  constraint ${table}_expired_check check (status <> 'expired' or expired_at is not null),
  constraint ${table}_orphaned_check check (status <> 'orphaned' or orphaned_at is not null),
  constraint ${table}_ended_check check ((status = 'active' and deleted_at is null) = (ended_at is null)),
  constraint ${table}_superseded_by_fkey foreign key (tenant_id, superseded_by_id)
    references ${table} (tenant_id, id) deferrable initially deferred`;
}

export const profiles: Migration = {
  version: 2,
  name: "profiles",
  up: `
    create table customers (
      tenant_id uuid not null,
      id uuid not null,
      external_id text collate "C",
      verification_level text not null default 'unverified',
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      last_interaction_at timestamptz(3),
      version integer not null default 1,
      merged_into_id uuid,
      deleted_at timestamptz(3),
      wrapped_key text,
      constraint customers_pkey primary key (tenant_id, id),
      constraint customers_tenant_fkey foreign key (tenant_id) references tenants (id),
      constraint customers_merged_into_fkey foreign key (tenant_id, merged_into_id)
        references customers (tenant_id, id) deferrable initially deferred,
      constraint customers_verification_level_check check (verification_level in
        ('unverified', 'email_verified', 'phone_verified', 'document_verified', 'kyc_complete')),
      constraint customers_version_check check (version > 0)
    );
    create unique index customers_external_id_key on customers (tenant_id, external_id)
      where external_id is not null and deleted_at is null;
    create index customers_merged_into_idx on customers (tenant_id, merged_into_id) where merged_into_id is not null;
    ${isolateByTenant("customers")}

    create table channel_identities (
      tenant_id uuid not null,
      channel text collate "C" not null,
      channel_user_id text collate "C" not null,
      customer_id uuid not null,
      verified boolean not null default false,
      verified_at timestamptz(3),
      is_primary boolean not null default false,
      created_at timestamptz(3) not null,
      constraint channel_identities_pkey primary key (tenant_id, channel, channel_user_id),
      constraint channel_identities_customer_fkey foreign key (tenant_id, customer_id)
        references customers (tenant_id, id),
      constraint channel_identities_channel_check check (channel in
        ('whatsapp', 'slack', 'webchat', 'email', 'voice', 'api', 'sms'))
    );
    create index channel_identities_customer_idx on channel_identities (tenant_id, customer_id);
    ${isolateByTenant("channel_identities")}

    create table consents (
      tenant_id uuid not null,
      id uuid not null,
      sequence bigint generated always as identity,
      customer_id uuid not null,
      consent_type text not null,
      granted boolean not null,
      granted_at timestamptz(3),
      revoked_at timestamptz(3),
      source_session_id text,
      ip_address text,
      recorded_at timestamptz(3) not null,
      constraint consents_pkey primary key (tenant_id, id),
      constraint consents_customer_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id),
      constraint consents_stamp_check check (case when granted then granted_at is not null else revoked_at is not null end)
    );
    create index consents_customer_idx on consents (tenant_id, customer_id, consent_type);
    ${isolateByTenant("consents")}

    /* One order of insertion for both kinds of items. */
    create sequence item_sequence;
    grant usage on sequence item_sequence to ${APPLICATION_ROLE};

    create table profile_fields (
      tenant_id uuid not null,
      id uuid not null,
      sequence bigint not null default nextval('item_sequence'),
      customer_id uuid not null,
      name text collate "C" not null,
      value jsonb,
      sealed_value text,
      value_type text not null,
      source text not null,
      source_session_id text,
      source_scenario_id text,
      source_step_id text,
      verified boolean not null default false,
      verification_method text,
      verified_at timestamptz(3),
      verified_by text,
      confidence double precision not null default 1,
      requires_confirmation boolean not null default false,
      collected_at timestamptz(3) not null,
      expires_at timestamptz(3),
      field_definition_id uuid,
      metadata jsonb not null default '{}',
      is_pii boolean not null default false,
      search_text text collate "C",
      commitment_secret text,
      ${LIFECYCLE_COLUMNS},
      constraint profile_fields_pkey primary key (tenant_id, id),
      constraint profile_fields_customer_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id),
      constraint profile_fields_name_check check (name ~ '^[a-z_][a-z0-9_]*$' and length(name) <= 50),
      constraint profile_fields_value_check check ((value is null) <> (sealed_value is null)),
      constraint profile_fields_value_type_check check (value_type in
        ('string', 'email', 'phone', 'date', 'number', 'boolean', 'json')),
      constraint profile_fields_source_check check (source in
        ('user_provided', 'llm_extracted', 'tool_result', 'document_extracted', 'human_entered', 'system_inferred')),
      constraint profile_fields_confidence_check check (confidence between 0 and 1),
      ${lifecycleConstraints("profile_fields")}
    );
    create unique index profile_fields_one_active on profile_fields (tenant_id, customer_id, name)
      where status = 'active' and deleted_at is null;
    create index profile_fields_history_idx on profile_fields
      (tenant_id, customer_id, name, collected_at desc, sequence desc);
    create index profile_fields_name_idx on profile_fields (tenant_id, name);
    create index profile_fields_expiry_idx on profile_fields (tenant_id, expires_at)
      where status = 'active' and deleted_at is null and expires_at is not null;
    create index profile_fields_search_idx on profile_fields (tenant_id, search_text)
      where status = 'active' and deleted_at is null and not is_pii and search_text is not null;
    ${isolateByTenant("profile_fields")}

    create table profile_assets (
      tenant_id uuid not null,
      id uuid not null,
      sequence bigint not null default nextval('item_sequence'),
      customer_id uuid not null,
      name text not null,
      asset_type text not null,
      storage_provider text not null,
      storage_path text not null,
      mime_type text not null,
      size_bytes bigint not null,
      checksum text not null,
      uploaded_at timestamptz(3) not null,
      uploaded_in_session_id text,
      uploaded_in_scenario_id text,
      derived_from_tool text,
      verified boolean not null default false,
      verification_result jsonb,
      retention_policy text not null default 'permanent',
      expires_at timestamptz(3),
      metadata jsonb not null default '{}',
      commitment_secret text,
      ${LIFECYCLE_COLUMNS},
      constraint profile_assets_pkey primary key (tenant_id, id),
      constraint profile_assets_customer_fkey foreign key (tenant_id, customer_id) references customers (tenant_id, id),
      constraint profile_assets_type_check check (asset_type in
        ('image', 'pdf', 'document', 'audio', 'video', 'other')),
      constraint profile_assets_size_check check (size_bytes >= 0),
      constraint profile_assets_checksum_check check (checksum ~ '^[0-9a-f]{64}$'),
      ${lifecycleConstraints("profile_assets")}
    );
    create index profile_assets_customer_idx on profile_assets (tenant_id, customer_id, uploaded_at desc, sequence desc);
    create index profile_assets_storage_idx on profile_assets (tenant_id, storage_path)
      where storage_provider = 'vault' and deleted_at is null;
    create index profile_assets_expiry_idx on profile_assets (tenant_id, expires_at)
      where status = 'active' and deleted_at is null and expires_at is not null;
    ${isolateByTenant("profile_assets")}

    create table item_sources (
      tenant_id uuid not null,
      item_id uuid not null,
      item_kind text not null,
      position smallint not null,
      source_type text not null,
      source_item_id uuid,
      source_ref text,
      metadata jsonb not null default '{}',
      constraint item_sources_pkey primary key (tenant_id, item_id, position),
      constraint item_sources_kind_check check (item_kind in ('profile_field', 'profile_asset')),
      constraint item_sources_type_check check (source_type in
        ('profile_field', 'profile_asset', 'session', 'tool', 'external')),
      constraint item_sources_item_check check
        ((source_type in ('profile_field', 'profile_asset')) = (source_item_id is not null)),
      constraint item_sources_ref_check check (source_item_id is null or source_ref is null),
      constraint item_sources_self_check check (source_item_id is distinct from item_id)
    );
    create index item_sources_source_idx on item_sources (tenant_id, source_item_id) where source_item_id is not null;
    ${isolateByTenant("item_sources")}

    create table customer_merges (
      tenant_id uuid not null,
      id uuid not null,
      source_customer_id uuid not null,
      target_customer_id uuid not null,
      merged_at timestamptz(3) not null,
      undone_at timestamptz(3),
      pre_image jsonb not null,
      constraint customer_merges_pkey primary key (tenant_id, id),
      constraint customer_merges_source_fkey foreign key (tenant_id, source_customer_id)
        references customers (tenant_id, id),
      constraint customer_merges_target_fkey foreign key (tenant_id, target_customer_id)
        references customers (tenant_id, id)
    );
    create index customer_merges_target_idx on customer_merges (tenant_id, target_customer_id, merged_at desc)
      where undone_at is null;
    ${isolateByTenant("customer_merges")}
  `,
  down: `
    drop table customer_merges;
    drop table item_sources;
    drop table profile_assets;
    drop table profile_fields;
    drop sequence item_sequence;
    drop table consents;
    drop table channel_identities;
    drop table customers;
  `,
};
