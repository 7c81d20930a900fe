import { APPLICATION_ROLE } from "../storage/postgres/sql-database.ts";
import { isolateByTenant, isolateByTenantOrPlatform, type Migration, tenantOrPlatform } from "./migration.ts";

/** A tenant is its own tenant: its id takes the place of the `tenant_id` of other tables. */
const ISOLATE_TENANTS = `
  alter table tenants enable row level security;
  alter table tenants force row level security;
  create policy tenant_or_platform on tenants
    using (${tenantOrPlatform("id")})
    with check (${tenantOrPlatform("id")});
  grant select, insert, update on tenants to ${APPLICATION_ROLE};
`;

/** Tenants with their keys, the audit journal that every domain appends to, and the records of idempotent requests. */
export const tenants: Migration = {
  version: 1,
  name: "tenants",
  up: `
    create table tenants (
      id uuid not null,
      slug text not null,
      name text not null,
      validation_mode text,
      wrapped_key text,
      is_platform boolean not null default false,
      created_at timestamptz(3) not null,
      updated_at timestamptz(3) not null,
      constraint tenants_pkey primary key (id),
      constraint tenants_slug_check check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      constraint tenants_validation_mode_check check (validation_mode in ('strict', 'warn', 'disabled'))
    );
    create unique index tenants_slug_key on tenants (slug collate "C");
    create unique index tenants_one_platform on tenants (is_platform) where is_platform;
    ${ISOLATE_TENANTS}

    create table api_keys (
      tenant_id uuid not null,
      id uuid not null,
      name text not null,
      role text not null,
      key_hash bytea not null,
      prefix text not null,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3),
      revoked_at timestamptz(3),
      constraint api_keys_pkey primary key (tenant_id, id),
      constraint api_keys_key_hash_key unique (key_hash),
      constraint api_keys_tenant_fkey foreign key (tenant_id) references tenants (id),
      constraint api_keys_role_check check (role in ('admin', 'steward', 'agent', 'auditor')),
      constraint api_keys_key_hash_check check (octet_length(key_hash) = 32)
    );
    ${isolateByTenantOrPlatform("api_keys")}

    create table audit_events (
      tenant_id uuid not null,
      id uuid not null,
      sequence bigint generated always as identity,
      event_type text not null,
      customer_id uuid,
      subject_id text,
      actor_type text not null,
      actor_id uuid,
      actor_role text,
      request_id text,
      event_data jsonb not null default '{}',
      timestamp timestamptz(3) not null,
      constraint audit_events_pkey primary key (tenant_id, id),
      constraint audit_events_actor_check check ((actor_type = 'api_key') = (actor_id is not null)),
      constraint audit_events_actor_type_check check (actor_type in ('api_key', 'system'))
    );
    create unique index audit_events_sequence_key on audit_events (tenant_id, sequence);
    create index audit_events_customer_idx on audit_events (tenant_id, customer_id, sequence);
    create index audit_events_type_idx on audit_events (tenant_id, event_type, sequence);
    create index audit_events_timestamp_idx on audit_events (tenant_id, timestamp);
    create function audit_events_refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'The audit journal is append-only' using errcode = 'restrict_violation';
      end
    $$;
    create trigger audit_events_append_only before update or delete or truncate on audit_events
      for each statement execute function audit_events_refuse_change();
    ${isolateByTenant("audit_events", "select, insert")}

    create table idempotency_keys (
      tenant_id uuid not null,
      key_hash bytea not null,
      fingerprint bytea not null,
      response bytea,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      constraint idempotency_keys_pkey primary key (tenant_id, key_hash),
      constraint idempotency_keys_tenant_fkey foreign key (tenant_id) references tenants (id),
      constraint idempotency_keys_hash_check check (octet_length(key_hash) = 32 and octet_length(fingerprint) = 32)
    );
    create index idempotency_keys_expiry_idx on idempotency_keys (tenant_id, expires_at);
    ${isolateByTenant("idempotency_keys")}
  `,
  down: `
    drop table idempotency_keys;
    drop table audit_events;
    drop function audit_events_refuse_change();
    drop table api_keys;
    drop table tenants;
  `,
};
